"""The demo: simulated citizens pay real bills at the counter over HTTP, and everything is checked from outside."""
