"""A decision to reasons: records that become JSON, and the sentences in them."""

from provider_advisor.explanation.record import claim_record, record_answer

__all__ = ["claim_record", "record_answer"]
