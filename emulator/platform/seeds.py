"""Seeds: the facts that a fresh world begins with, by the seed's name; each is made once."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from emulator.core.errors import Refused
from emulator.seeding.template import Template, seed_state
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store

if TYPE_CHECKING:
    from emulator.seeding.seed import Seed

_SENT_MAX = 16

MakeState = Callable[[str, RulesConfig], Store]
ParseSeed = Callable[[str, bytes], "Seed"]


class Seeds:
    """The templates of seeds that were used.

    `configured` is the seed of the settings. `make_state` makes the facts of a seed by its name.
    `parse` reads a seed file's content, given its name for refusals; it runs in threads. Without
    it, requests cannot bring seeds.
    """

    def __init__(
        self, rules: RulesConfig, configured: str, make_state: MakeState, parse: ParseSeed | None
    ) -> None:
        self._rules = rules
        self._configured = configured
        self._make_state = make_state
        self._parse = parse
        self._templates: dict[str, Template] = {}
        # The templates of seeds that came with a request, the newest at the end.
        self._sent: OrderedDict[str, Template] = OrderedDict()

    @property
    def named(self) -> frozenset[str]:
        """The seeds that a request may name without a content."""
        return frozenset(("default", "none", self._configured))

    def parse(self, name: str, text: bytes) -> "Seed":
        """Read a seed file's content; for threads. Refuses (`invalid`) an invalid one."""
        if self._parse is None:
            raise Refused("invalid", "This emulator takes no seeds from requests.")
        return self._parse(name, text)

    def template(self, seed: str) -> Template:
        """The template of a seed: `default`, `none`, a file's path, or a name that was sent.

        Refuses (`invalid`) any other name.
        """
        if seed in self._sent:
            return self._sent[seed]
        if seed not in self._templates:
            try:
                self._templates[seed] = Template(self._make_state(seed, self._rules))
            except Refused as refused:
                if refused.code == "invalid":
                    raise
                raise Refused("invalid", f"The seed {seed}: {refused.message}.") from refused
        return self._templates[seed]

    def send(self, seed: str, content: "Seed", in_use: Collection[str]) -> Template:
        """The template of a seed that came with a request.

        It is kept while a world uses it, or while it is among the newest.
        """
        if seed not in self._sent:
            self._sent[seed] = Template(seed_state(content, self._rules))
        spare = [name for name in self._sent if name != seed and name not in in_use]
        for name in spare[: max(0, len(self._sent) - _SENT_MAX)]:
            self._sent.pop(name).close()
        self._sent.move_to_end(seed)
        return self._sent[seed]

    def close(self) -> None:
        for template in (*self._templates.values(), *self._sent.values()):
            template.close()
