"""What is refused in a request before it is answered: nothing that a program sent is dropped, and a page says what is.

    GET /api/v1/compare?provider=twilio              unknown parameter 'provider'. Did you mean 'providers'?
    POST {"needs": ["sms"], "needs": ["fax"]}        The body has the key 'needs' twice; keep one.
    GET /compare?provider=twilio                     Not understood in the address, and left out: 'provider' (…).

Files of requirements and rows of a batch are read as strictly. A `FieldReader` notes what is wrong with each field of a
form, so that a page shows all of it beside the fields.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.web.address import (
    LEFT_OUT,
    AddressQuestion,
    describe_query,
    describe_repeated,
    read_address,
)
from provider_advisor.faces.web.error_sentences import describe_left_out, describe_unknown, list_mistakes
from provider_advisor.faces.web.responses import JsonResponse, get_form, left_out
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.safe_text import JsonError, read_json

_Found = TypeVar("_Found")


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


async def _check_parameters(request: Request) -> None:
    """Refuse several values of a parameter that takes one, and unknown parameters, unless a page names those.

    Raises RequirementsError.
    """
    fields = request.scope["route"].dependant.query_params
    known = [field.alias for field in fields]
    single = {field.alias for field in fields if field.field_info.annotation != Sequence[str]}
    repeated = describe_repeated(request.query_params.multi_items(), single.__contains__)
    _handle_unknown(request, [name for name in request.query_params if name not in known], known, repeated)


CHECK_PARAMETERS = Depends(_check_parameters)


def read_question(request: Request, service: KnowledgeService, *own: str) -> AddressQuestion:
    """Return what an address asks; `own` are the parameters that a page or an operation reads itself.

    A page names the unknown ones. Raises RequirementsError, for programs also on those.
    """
    query = request.query_params
    asked = read_address(query.multi_items(), service.knowledge, own)
    names = [*asked.unknown, *(query.getlist(LEFT_OUT) if LEFT_OUT in own else ())]
    known = [*own, *(part["name"] for part in describe_query(service.knowledge))] if names else ()
    _handle_unknown(request, names, known)
    return asked


def asks_how_sure(query: QueryParams) -> bool:
    """Return whether an address asks how sure the answer is. Raises RequirementsError."""
    text = query.get("sure", "")
    if text not in {"", "0", "1", "false", "true"}:
        raise RequirementsError(f"'sure' is '{text[:80]}'; expected 1.")
    return text in {"1", "true"}


def check_only(word: str) -> None:
    """Raise RequirementsError unless a word limits a comparison to the differences."""
    if word != "differences":
        raise RequirementsError(f"'only' is '{word[:80]}'; expected differences.")


def _handle_unknown(request: Request, names: Sequence[str], known: Iterable[str], mistakes: Sequence[str] = ()) -> None:
    if get_form(request) or request.scope["path"].startswith("/api/"):
        mistakes = [*(describe_unknown(name, known) for name in names), *mistakes]
    if mistakes:
        raise RequirementsError(*mistakes)
    left_out.set(describe_left_out(names, known) if names else "")


def make_api_router(*tags: str, declares_parameters: bool = True) -> APIRouter:
    """Return a router of operations under /api/v1; those that do not declare all parameters check them themselves."""
    return APIRouter(
        prefix="/api/v1",
        default_response_class=JsonResponse,
        tags=[*tags],
        route_class=_ApiRoute,
        dependencies=[CHECK_PARAMETERS] if declares_parameters else None,
    )


# The fields of a form


class FieldError(RequirementsError):
    """What is wrong with a form: `faults` has the sentences on each field, by the id of its element on the page."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        self.faults = faults
        super().__init__(*(sentence for sentences in faults.values() for sentence in sentences))


class FieldReader:
    """Reads the fields of the form that a request sent, and collects the mistakes in all of them."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.faults: dict[str, Sequence[str]] = {}

    def read(self, name: str, text: str, read: Callable[[str], _Found]) -> _Found | None:
        """Return what a field says, None for an empty or a wrong one."""
        return self.note(name, read, text) if text else None

    def note(self, name: str, find: Callable[..., _Found], *given: Any) -> _Found | None:  # noqa: ANN401 (of `find`)
        """Return what a function finds, None if it raises RequirementsError; its mistakes are those of the field."""
        try:
            return find(*given)
        except RequirementsError as error:
            self.faults[name] = list_mistakes(error)
            return None

    def find_wrong(self) -> FieldError | None:
        """Return what is wrong, if anything, for a page to show; a program gets it as an error."""
        wrong = FieldError(self.faults) if self.faults else None
        if wrong and get_form(self._request):
            raise wrong
        return wrong
