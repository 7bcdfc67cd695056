"""What the citizen API takes and gives. Unknown fields are refused; every field says what a platform sees in it."""
