"""What the API refuses in a request before an operation sees it: it drops nothing that a program sent.

    GET /api/v1/compare?provider=twilio              unknown parameter 'provider'. Did you mean 'providers'?
    POST {"needs": ["sms"], "needs": ["fax"]}        The body has the key 'needs' twice; keep one.

Files of requirements and rows of a batch are read as strictly.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.web.responses import JsonResponse
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.safe_text import JsonError, read_json

_LONGEST_SHOWN = 80


class StrictBody(BaseModel):
    """A body that may have no keys but its own."""

    model_config = ConfigDict(extra="forbid")


class _ApiRequest(Request):
    async def json(self) -> Any:  # noqa: ANN401 (as above)
        """Return the data in the body."""
        try:
            return read_json((await self.body()).removeprefix(codecs.BOM_UTF8))
        except JsonError as error:
            # FastAPI hides the reason of any other exception.
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body {error}.") from error


class _ApiRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def read_strictly(request: Request) -> Response:
            return await answer(_ApiRequest(request.scope, request.receive))

        return read_strictly


async def _refuse_parameters(request: Request) -> None:
    """Refuse parameters that an operation does not have, and those with several values. Raises RequirementsError."""
    known = [field.alias for field in request.scope["route"].dependant.query_params]
    counts = Counter(name for name, _ in dict.fromkeys(request.query_params.multi_items()))
    mistakes = [describe_unknown(name, known) for name in counts if name not in known]
    mistakes += [f"the parameter '{name}' has {counts[name]} values; keep one." for name in known if counts[name] > 1]
    if mistakes:
        raise RequirementsError(*mistakes)


def describe_unknown(name: str, known: Iterable[str]) -> str:
    """Return the sentence on a parameter that an operation does not have."""
    name = name[:_LONGEST_SHOWN]
    if name.startswith("weight."):
        return f"'{name}' gives a weight to what is not asked for; ask for it in `needs` or `wants`."
    return f"unknown parameter '{name}'.{did_you_mean(name, known)}"


def make_api_router(*tags: str, declares_parameters: bool = True) -> APIRouter:
    """Return a router of operations under /api/v1; those that do not declare all parameters check them themselves."""
    return APIRouter(
        prefix="/api/v1",
        default_response_class=JsonResponse,
        tags=[*tags],
        route_class=_ApiRoute,
        dependencies=[Depends(_refuse_parameters)] if declares_parameters else None,
    )
