"""How the report of a comparison looks."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--panel:#f5f7f9;
--one:#1f6feb;--two:#b35900;--both:#3a8f5c;--none:#8b949e;--told:#a4370c}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e6eaf0;--soft:#9aa5b4;--line:#303844;--panel:#1a2029;
--one:#6aa8ff;--two:#f0a04b;--both:#63c08a;--none:#7d8794;--told:#ff9b6a}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1100px;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin:.2rem 0}h4{margin:.8rem 0 .2rem}
table{border-collapse:collapse}td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top;font-weight:400}
th{color:var(--soft)}.wide{overflow-x:auto}
.metrics td,.metrics th{border-bottom:1px solid var(--line);white-space:nowrap;font-variant-numeric:tabular-nums}
.metrics tr:first-child th,.metrics th:first-child{font-weight:600;color:var(--ink)}
.told{color:var(--told);font-weight:600}.untold{color:var(--soft)}
.plots{display:flex;flex-wrap:wrap;gap:1rem 2rem;margin:1.5rem 0}
figure{margin:0;max-width:100%}figcaption{color:var(--soft);font-size:.85rem}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}
.frame{fill:none;stroke:var(--line)}.grid{stroke:var(--line);stroke-width:.7}.even{stroke:var(--soft);
stroke-dasharray:4 3}.dot{fill:var(--one);fill-opacity:.55}.tick{fill:var(--soft)}.axis{fill:var(--ink)}
.bar{stroke-width:3;stroke:var(--soft)}.bar.clear{stroke:var(--two)}.mark{fill:var(--paper);stroke:var(--soft);
stroke-width:2}.mark.clear{fill:var(--two);stroke:var(--two)}
.share.both{fill:var(--both)}.share.first{fill:var(--one)}.share.second{fill:var(--two)}.share.neither{fill:var(--none)}
details{border-top:1px solid var(--line);padding:.5rem 0}summary{cursor:pointer;overflow-wrap:anywhere}
.number{color:var(--soft);display:inline-block;min-width:2rem}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:1rem;margin:.6rem 0}
section th{white-space:nowrap}
section{background:var(--panel);border-radius:6px;padding:.7rem 1rem;min-width:0;overflow-wrap:anywhere}
.answer{white-space:pre-wrap}pre{white-space:pre-wrap;color:var(--soft);font-size:.8rem;margin:.1rem 0}
ul{margin:.2rem 0;padding-left:1.2rem}
"""
