"""Read files of teams as blocks of rows; records that cannot be read become rejects."""

from provider_advisor.batch.reading.byte_stream import read_encoding
from provider_advisor.batch.reading.input_files import Limits, ReadingOptions, choose_form
from provider_advisor.batch.reading.inputs import Inputs, open_inputs

__all__ = ["Inputs", "Limits", "ReadingOptions", "choose_form", "open_inputs", "read_encoding"]
