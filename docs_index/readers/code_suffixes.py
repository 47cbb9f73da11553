"""The endings of files that are source code or settings, read as such. A language is added by its ending."""

from __future__ import annotations

NAMES = """
    .py .pyi .pyx .js .mjs .cjs .jsx .ts .tsx .vue .svelte .java .kt .kts .scala .groovy .c .h .cc .cpp .cxx .hh .hpp
    .hxx .m .mm .cs .fs .vb .go .rs .swift .rb .php .pl .pm .lua .r .jl .hs .ml .mli .clj .cljs .ex .exs .erl .elm .dart
    .zig .nim .v .sol .sh .bash .zsh .fish .ps1 .bat .cmd .sql .css .scss .less .tf .proto .graphql .cmake .gradle .mk
    .yaml .yml .toml .ini .cfg .conf .properties .tex .bib .diff .patch
"""
SUFFIXES = tuple(NAMES.split())
