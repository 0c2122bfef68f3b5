"""A decision to reasons, as data, then words."""

from provider_advisor.explanation.record import claim_record, decision_record

__all__ = ["claim_record", "decision_record"]
