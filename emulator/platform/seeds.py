"""Seeds: what a fresh world begins with, by the seed's name; each is made into facts once."""

from collections import OrderedDict
from collections.abc import Callable, Collection

from emulator.core.errors import Refused
from emulator.seeding.seed import Seed
from emulator.seeding.template import Template, seed_state
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store

_SENT_MAX = 16

MakeState = Callable[[str, RulesConfig], Store]
ParseSeed = Callable[[str, bytes], Seed]


class Seeds:
    """`configured` is the command line's seed, `make_state` gives the facts of a seed by its name.

    `parse` reads a seed file's content, for threads; refusals call it by the name beside it.
    Without it no request brings a seed.
    """

    def __init__(
        self, rules: RulesConfig, configured: str, make_state: MakeState, parse: ParseSeed | None
    ) -> None:
        self._rules = rules
        self._configured = configured
        self._make_state = make_state
        self._parse = parse
        self._templates: dict[str, Template] = {}
        # Of seeds whose content came with a request; the newest are at the end.
        self._sent: OrderedDict[str, Template] = OrderedDict()

    @property
    def named(self) -> frozenset[str]:
        """Seeds that a request may name as they are."""
        return frozenset(("default", "none", self._configured))

    def parse(self, name: str, text: bytes) -> Seed:
        """A seed file's content, for threads. Refuses (`invalid`) what cannot be a seed."""
        if self._parse is None:
            raise Refused("invalid", "This emulator takes no seeds from requests.")
        return self._parse(name, text)

    def template(self, seed: str) -> Template:
        """`seed` is `default`, `none`, a file's path, or the name of one that was sent.

        Refuses (`invalid`) any other.
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

    def send(self, seed: str, content: Seed, in_use: Collection[str]) -> Template:
        """A seed that came with a request: kept while a world uses it or it is among the newest."""
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
