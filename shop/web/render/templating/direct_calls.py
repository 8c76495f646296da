"""Compiles a call in a template to a call in Python.

Jinja asks each function at each call whether it wants to be passed the context. No function and no macro of ours does,
and a page of the cart has about fifteen such calls.
"""

from __future__ import annotations

from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Call
from typing_extensions import override


class DirectCalls(CodeGenerator):
    """Writes `function(…)` where Jinja writes `context.call(function, …)`."""

    @override
    def visit_Call(self, node: Call, frame: Frame, forward_caller: bool = False) -> None:
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        if node.dyn_args is not None:
            self.write("*")
            self.visit(node.dyn_args, frame)
            self.write(", ")
        if node.dyn_kwargs is not None:
            self.write("**")
            self.visit(node.dyn_kwargs, frame)
            self.write(", ")
        self.write("caller=caller)" if forward_caller else ")")
