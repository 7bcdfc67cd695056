"""Which rows of the index of files may go (revision v0014): what was uploaded and is not handed in, and nothing else, whoever asks.

A file is handed in when its draft is, or when an event of its case that takes materials in is as late as it, or later. The console's role
does not read drafts; it takes back what the staff scanned, also before its case is opened. The worker's forgets what was uploaded to
something that neither became a case nor is a draft (any more).
"""

from __future__ import annotations

_OF_DRAFT_AND_CASE = """
CREATE POLICY {name} ON stored_files AS RESTRICTIVE FOR DELETE TO {role} USING (
    material <> '' AND CASE WHEN EXISTS (
        SELECT 1 FROM cases opened WHERE opened.agency_id = stored_files.agency_id AND opened.case_id = stored_files.owner
    ) THEN NOT EXISTS (
        SELECT 1 FROM case_events taking
        WHERE taking.agency_id = stored_files.agency_id AND taking.case_id = stored_files.owner
            AND taking.name IN ('case_received', 'corrected', 'gap_supplied', 'fixed_on_the_spot')
            AND taking.at >= stored_files.uploaded_at
    ) ELSE EXISTS (
        SELECT 1 FROM case_drafts draft
        WHERE draft.agency_id = stored_files.agency_id AND draft.draft_id = stored_files.owner AND draft.submitted_at IS NULL
    ){or_nobodys} END
);
"""
_NOBODYS = """ OR ((uploaded_by = 'applicant' OR uploaded_by LIKE 'staff:%') AND NOT EXISTS (
        SELECT 1 FROM case_drafts draft WHERE draft.agency_id = stored_files.agency_id AND draft.draft_id = stored_files.owner
    ))"""
_AT_THE_WINDOW = """
CREATE POLICY what_was_handed_in_stays_at_the_window ON stored_files AS RESTRICTIVE FOR DELETE TO guitai_console USING (
    material <> '' AND uploaded_by LIKE 'staff:%' AND (NOT EXISTS (
        SELECT 1 FROM cases opened WHERE opened.agency_id = stored_files.agency_id AND opened.case_id = stored_files.owner
    ) OR NOT EXISTS (
        SELECT 1 FROM case_events taking
        WHERE taking.agency_id = stored_files.agency_id AND taking.case_id = stored_files.owner
            AND taking.name IN ('case_received', 'corrected', 'gap_supplied', 'fixed_on_the_spot')
            AND taking.at >= stored_files.uploaded_at
    ))
);
"""
FILE_POLICIES = (
    _OF_DRAFT_AND_CASE.format(name="what_was_handed_in_stays", role="guitai_public", or_nobodys="")
    + _OF_DRAFT_AND_CASE.format(name="what_was_handed_in_is_kept", role="guitai_worker", or_nobodys=_NOBODYS)
    + _AT_THE_WINDOW
)
