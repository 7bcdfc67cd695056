"""What the citizen API says of a service of kind ``case`` before anybody applies: who may, with which materials, who decides and how, by when.

All of it is public: it stands in the mapping. What a platform sees of it counts as ``form_info``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.counter_terms import CounterTerms, Material, SpecialProcedure
from services.counter_words import UPLOADED
from services.mapping import ServiceMapping
from services.model import Language


def describe_counter(mapping: ServiceMapping, language: Language) -> dict[str, Any] | None:
    """The part of a case; None for any other kind."""
    terms = mapping.counter
    if terms is None:
        return None
    certificate = terms.certificate
    return {
        "applicants": list(terms.applicants),
        "mandates": list(terms.mandates),
        "materials": [_describe_material(one, language) for one in terms.materials.values()],
        "deciding": _describe_deciding(mapping, terms),
        "days": _describe_days(terms),
        "receiving": {
            "opens": terms.receiving.opens,
            "closes": terms.receiving.closes,
            "outside": terms.receiving.outside,
        },
        "special": [_describe_special(one, language) for one in terms.special.values()],
        "delivery": list(terms.delivery),
        "appeal": terms.appeal.get(language),
        "certificate": certificate.title[language] if certificate else None,
        "valid_months": certificate.valid_months if certificate else None,
    }


def _describe_material(material: Material, language: Language) -> dict[str, Any]:
    uploaded = material.level in UPLOADED
    return {
        "name": material.name,
        "title": material.title[language],
        "level": material.level,
        "optional": material.optional,
        "secondary": material.secondary,
        "fetched_from": material.register.get(language),
        "accepts": list(material.accepts) if uploaded else [],
        "maximum_files": material.maximum_files if uploaded else None,
        "maximum_megabytes": material.maximum_megabytes if uploaded else None,
        "standard": material.standard.get(language),
        "legal_ground": material.legal_ground,
    }


def _describe_deciding(mapping: ServiceMapping, terms: CounterTerms) -> dict[str, Any]:
    """Whoever decides: a clerk, or which back end's rule (``back_end`` is the office that is asked)."""
    asked = None
    if terms.decided_by == "back_end":
        asked = mapping.back_end.operations["decide"].calls[-1].back_end
    return {
        "by": terms.decided_by,
        "back_end": asked,
        "organ": terms.rights_by or None,
        "accepted_by": terms.accepted_by,
        "two_hands": terms.two_hands,
    }


def _describe_days(terms: CounterTerms) -> dict[str, Any]:
    return {
        "completeness": terms.completeness_days,
        "correction": terms.correction_days,
        "extension": terms.extension_days,
        "gap": terms.gap_days,
        "delivery": terms.delivery_days,
    }


def _describe_special(special: SpecialProcedure, language: Language) -> dict[str, Any]:
    return {
        "code": special.code,
        "title": special.title[language],
        "legal_ground": special.legal_ground,
        "days": special.days,
    }


def describe_joint(step: Mapping[str, Any]) -> dict[str, Any]:
    """Which other agency has a step, and with which it runs side by side."""
    return {"agency": step.get("agency"), "together": step.get("together")}
