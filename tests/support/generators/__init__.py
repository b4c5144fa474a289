"""Real generators of API clients, each with a program that uses the generated client."""

import asyncio
import shutil
import sys
from pathlib import Path

from tests.support.required_programs import lacking, need

FOLDER = Path(__file__).parent
_MODULES = FOLDER / "node_modules"
_STRICT = ["--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"]


async def run(*command: str | Path, cwd: Path) -> str:
    """Run a program, and return its output. A failure fails the test with the output."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    return output


class Node:
    """A folder with npm's generators and TypeScript."""

    def __init__(self, folder: Path) -> None:
        """Skip the test where they are not installed: `npm install` in this folder."""
        self._node = need("node")
        if not (_MODULES / "typescript").is_dir():
            lacking("generators are not installed: npm install in tests/support/generators")
        self._folder = folder
        (folder / "node_modules").symlink_to(_MODULES)
        shutil.copy(FOLDER / "package.json", folder)

    async def generate(self, program: str, *arguments: str) -> None:
        await run(self._node, _bin(program), *arguments, cwd=self._folder)

    async def use(self, name: str, *arguments: str) -> str:
        """Compile one of our programs strictly, together with the generated client, and run it."""
        shutil.copy(FOLDER / f"{name}.ts", self._folder)
        module = ["--module", "node16"]
        shutil.copy(FOLDER / "node.d.ts", self._folder)
        sources = [f"{name}.ts", "node.d.ts"]
        options = [*_STRICT, *module, "--skipLibCheck", "true", "--outDir", "built"]
        await run(self._node, _bin("tsc"), *options, *sources, cwd=self._folder)
        return await run(self._node, f"built/{name}.js", *arguments, cwd=self._folder)


def _bin(program: str) -> Path:
    return (_MODULES / ".bin" / program).resolve()


async def python_client(document: Path, base: str) -> str:
    """The output of our program with a client that was generated from this document."""
    options = ["--output-path", "generated", "--meta", "none"]
    program = "from openapi_python_client.cli import app; app()"
    command = [sys.executable, "-c", program, "generate", "--path", str(document), *options]
    await run(*command, cwd=document.parent)
    shutil.copy(FOLDER / "client.py", document.parent)
    return await run(sys.executable, "client.py", base, cwd=document.parent)
