"""durable-rules at work: from a team's statement to implied requirements and fired rules."""

from provider_advisor.inference.infer import Inference, SetAside, draw_consequences, infer

__all__ = ["Inference", "SetAside", "draw_consequences", "infer"]
