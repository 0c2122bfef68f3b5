"""The long form of answers: one row per team and provider, instead of columns for each provider.

    team  verdict      provider  a.standing  a.proven  b.standing  b.proven  ranking
    t1    recommended  b         unconfirmed       40  qualified         80  b;a

becomes

    team  provider  rank  standing     proven  verdict      recommended
    t1    a            2  unconfirmed      40  recommended  b
    t1    b            1  qualified        80  recommended  b
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.output_columns import OF_PROVIDERS, RANKING, list_reason_columns
from provider_advisor.errors import BatchError

_PROVIDER, _RANK, _RECOMMENDED = "provider", "rank", "recommended"


class LongForm:
    """Turns wide answers, which have the columns of reasons, into long ones.

    Without `reasons` these columns are left out. Raises BatchError if a column of the input has the name of one of the
    long form.
    """

    def __init__(self, wide: pa.Schema, providers: Sequence[str], id_column: str | None, *, reasons: bool) -> None:
        self._providers = tuple(providers)
        self._id = [] if id_column is None else [id_column]
        # The ranking is read in any case, because ranks come from it; as a column it would say the same again.
        hidden = set() if reasons else set(list_reason_columns(providers))
        shown = [name for name in wide.names if name not in hidden]
        self._own = [name for name in OF_PROVIDERS if any(f"{each}.{name}" in shown for each in providers)]
        of_them = {f"{each}.{name}" for each in providers for name in self._own}
        self._rest = [name for name in shown if name not in {*self._id, *of_them, RANKING}]
        self._kinds = {name: self._find_kind(wide, name) for name in self._own}
        self.schema = self._plan_schema(wide)

    def _find_kind(self, wide: pa.Schema, name: str) -> pa.DataType:
        kind = next(wide.field(f"{each}.{name}").type for each in self._providers if f"{each}.{name}" in wide.names)
        if pa.types.is_list(kind):
            return pa.list_(pa.string())
        return pa.string() if pa.types.is_dictionary(kind) else kind

    def _plan_schema(self, wide: pa.Schema) -> pa.Schema:
        fields = [*map(wide.field, self._id), pa.field(_PROVIDER, pa.string()), pa.field(_RANK, pa.int32())]
        fields += [pa.field(name, kind) for name, kind in self._kinds.items()]
        # The column `provider` of the wide form is the recommended one; here each row is about a provider of its own.
        fields += [wide.field(name).with_name(_RECOMMENDED if name == _PROVIDER else name) for name in self._rest]
        names = [field.name for field in fields]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BatchError(f"the column '{twice[0]}' has the same name as a column of the long form; rename it.")
        return pa.schema(fields)

    def lengthen(self, wide: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows in the long form: those of a team together, in the order of the providers."""
        rows, count = wide.num_rows, len(self._providers)
        repeated = pa.array(np.repeat(np.arange(rows), count))
        # The providers' columns are concatenated and then read row by row: a1 a2 a3 b1 b2 b3 becomes a1 b1 a2 b2 a3 b3,
        # by the places 0 3 1 4 2 5.
        order = pa.array((np.arange(rows)[:, np.newaxis] + rows * np.arange(count)).reshape(-1))
        columns = [wide.column(name).take(repeated) for name in self._id]
        columns.append(pa.array(np.tile(np.array(self._providers, object), rows), pa.string()))
        columns.append(self._rank(wide.column(RANKING)))
        columns += [pa.concat_arrays(list(self._list_parts(wide, name))).take(order) for name in self._own]
        columns += [wide.column(name).take(repeated) for name in self._rest]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _list_parts(self, wide: pa.RecordBatch, name: str) -> list[pa.Array]:
        kind = self._kinds[name]
        return [
            wide.column(f"{each}.{name}").cast(kind)
            if f"{each}.{name}" in wide.schema.names
            else pa.nulls(wide.num_rows, kind)
            for each in self._providers
        ]

    def _rank(self, rankings: pa.Array) -> pa.Array:
        """Return the rank by row and provider, from 1; null if it is ruled out."""
        places = {provider: place for place, provider in enumerate(self._providers)}
        ranks = np.zeros((len(rankings), len(self._providers)), np.int32)
        for row, ranking in enumerate(rankings.to_pylist()):
            for rank, provider in enumerate(ranking or (), start=1):
                ranks[row, places[provider]] = rank
        found = ranks.reshape(-1)
        return pa.array(found, pa.int32(), mask=found == 0)
