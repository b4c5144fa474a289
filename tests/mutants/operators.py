"""Mutation operators: each changes one comparison, boundary, number, default, loop or call."""

import ast
import copy
from collections.abc import Iterator

from msgspec import Struct

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(Struct, frozen=True):
    """One change of a module: its place in the syntax tree, and its number at that place."""

    module: str
    line: int
    kind: str
    node: int
    choice: int


def mutants(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    every = []
    for index, node in enumerate(_places(ast.parse(source))):
        for choice, (kind, _) in enumerate(_changes(node)):
            every.append(Mutant(module, getattr(node, "lineno", 0), kind, index, choice))
    return sorted(every, key=lambda mutant: (mutant.line, mutant.node, mutant.choice))


def mutated(source: str, mutant: Mutant) -> tuple[ast.Module, str]:
    """The syntax tree of the module with the change, and the changed line as text."""
    tree = ast.parse(source)
    node = _places(tree)[mutant.node]
    changed = _changes(node)[mutant.choice][1]
    before = ast.unparse(node)
    _replace(tree, node, changed)
    ast.fix_missing_locations(tree)
    return tree, f"{before.splitlines()[0]}  ->  {ast.unparse(changed).splitlines()[0]}"


def _places(tree: ast.AST) -> list[ast.AST]:
    """Nodes whose change can have an effect: no annotation, docstring or error message."""
    return list(_walk(tree))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.Raise):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        if name == "keywords" and isinstance(node, ast.ClassDef):
            # `frozen=True`: tests do not check that code which nobody writes would be an error.
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _changes(node: ast.AST) -> list[tuple[str, ast.AST]]:
    if isinstance(node, ast.stmt):
        return _statements(node)
    return _expressions(node)


def _statements(node: ast.stmt) -> list[tuple[str, ast.AST]]:
    match node:
        case ast.Break():
            return [("loop", ast.Continue())]
        case ast.Continue():
            return [("loop", ast.Break())]
        case ast.If(test=test, body=body, orelse=orelse):
            return [("negation", ast.If(ast.UnaryOp(ast.Not(), test), body, orelse))]
        case ast.AugAssign(target=target, op=operator, value=value):
            other = _ARITHMETIC.get(type(operator))
            return [("arithmetic", ast.AugAssign(target, other(), value))] if other else []
        case ast.Expr(value=ast.Call() | ast.Await()):
            return [("call", ast.Pass())]
        case ast.Return(value=value) if value is not None and not _is_none(value):
            return [("return", ast.Return(ast.Constant(None)))]
    return []


def _expressions(node: ast.AST) -> list[tuple[str, ast.AST]]:
    match node:
        case ast.Compare():
            return _comparisons(node)
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            return [("logic", ast.BoolOp(other, values))]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [("logic", operand)]
        case ast.BinOp(left=left, op=sign, right=right) if not _is_union(node):
            opposite = _ARITHMETIC.get(type(sign))
            return [("arithmetic", ast.BinOp(left, opposite(), right))] if opposite else []
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [("negation", ast.IfExp(test, orelse, body))]
    return _values(node)


def _comparisons(node: ast.Compare) -> list[tuple[str, ast.AST]]:
    changes: list[tuple[str, ast.AST]] = []
    for index, operator in enumerate(node.ops):
        operators = [*node.ops]
        operators[index] = _COMPARISONS[type(operator)]()
        changes.append(("comparison", ast.Compare(node.left, operators, node.comparators)))
    return changes


def _values(node: ast.AST) -> list[tuple[str, ast.AST]]:
    match node:
        case ast.Constant(value=bool(value)):
            return [("constant", ast.Constant(not value))]
        case ast.Constant(value=int(value) | float(value)):
            return [("constant", ast.Constant(value + 1))]
        case ast.Name(id=name) if name in _NAMES:
            return [("builtin", ast.Name(_NAMES[name], ast.Load()))]
    return []


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_union(node: ast.BinOp) -> bool:
    """Whether it is `int | None` outside of an annotation: a type, not an operation."""
    return isinstance(node.op, ast.BitOr) and _is_none(node.right)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    # The change may contain children of the old node: a copy keeps the tree a tree.
    new = ast.copy_location(copy.deepcopy(new), old)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list):
                for index, child in enumerate(value):
                    if child is old:
                        value[index] = new
                        return
