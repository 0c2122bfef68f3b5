"""Files of teams, as blocks of rows; what cannot be read of them, as rejects."""

from provider_advisor.batch.reading.inputs import Inputs, open_inputs
from provider_advisor.batch.reading.sources import form_of
from provider_advisor.batch.reading.texts import Limits

__all__ = ["Inputs", "Limits", "form_of", "open_inputs"]
