"""durable-rules at work: from a team's statement to implied requirements and fired rules."""

from provider_advisor.inference.infer import Firing, Inference, SetAside, draw_consequences, infer, judged_by

__all__ = ["Firing", "Inference", "SetAside", "draw_consequences", "infer", "judged_by"]
