"""How the dashboard looks: on a screen, on a dark one, on a phone, and on A4."""

from __future__ import annotations

STYLE = """
:root{--c1:#0072b2;--c2:#b87400;--c3:#00805c;--c4:#c44e00;--c5:#3a8fc7;--c6:#a8558a;--c7:#6b7280;--card:#fff;
--page:#f4f6f9}
@media(prefers-color-scheme:dark){:root{--c1:#5aaef0;--c2:#f0b429;--c3:#35c79c;--c4:#ff8f57;--c5:#9ad4f7;--c6:#e3a1c8;
--c7:#9aa3b2;--card:#1b1e24;--page:#111317}}html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{background:var(--page);max-width:76rem;padding:1.25rem}h1{font-size:1.75rem;letter-spacing:-.01em}
h2{font-size:1.3rem;margin:0 0 .75rem}h3{font-size:.95rem;margin:0}section{margin:2.25rem 0 0}
a{color:var(--mark);text-underline-offset:2px}.chips{margin:.25rem 0 0}.chip{display:inline-block;
border:1px solid var(--line);border-radius:1rem;padding:.05rem .7rem;font-size:.82rem;color:var(--soft);
background:var(--card);margin:0 .3rem .3rem 0}.chip.bad{border-color:var(--bad);color:var(--bad)}.sentences{
margin:1rem 0;padding:.9rem 1.1rem .9rem 2.1rem;background:var(--card);border:1px solid var(--line);
border-left:4px solid var(--mark);border-radius:.5rem;font-size:1.02rem}.sentences li{margin:.25rem 0}
nav{font-size:.87rem}nav p{margin:.2rem 0;line-height:1.9}nav a{margin-right:.9rem;white-space:nowrap;max-width:100%;
display:inline-block;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom}
nav strong{margin-right:.6rem;font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.75rem}
.tile,.panel{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.75rem .9rem}
.tile{border-top:3px solid var(--line);padding:.75rem .6rem;color:var(--ink);font-weight:400}
.tile.good{border-top-color:var(--good)}
.tile.bad{border-top-color:var(--bad)}.tile p{margin:0}.tile .name{font-size:.82rem;color:var(--soft)}
.tile .value{font-size:1.7rem;font-weight:650;line-height:1.3;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile .change{font-size:.76rem;letter-spacing:-.01em;color:var(--soft)}
.tile.bad .change{color:var(--bad);font-weight:600}
.tile.good .change{color:var(--good)}.light{display:inline-block;width:1.25em;height:1.25em;line-height:1.25em;
border-radius:50%;text-align:center;font-size:.8em;font-weight:700;border:1px solid currentColor}
.state{white-space:nowrap}.state.good{color:var(--good)}.state.bad{color:var(--bad);font-weight:600}
.state.look{color:var(--wait)}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:.9rem;align-items:start}
.panel{margin:0;min-width:0}.panel.span{grid-column:1/-1}figcaption{margin-bottom:.6rem}
.said{margin:.1rem 0 0;font-size:.88rem;color:var(--soft)}.chart{display:block;font-size:12px;overflow:visible}
.chart text{fill:var(--ink);font-variant-numeric:tabular-nums}.chart text.soft{fill:var(--soft);font-size:11px}
.chart text.amount{fill:var(--soft)}.chart text.end{font-size:11px}.chart .grid{stroke:var(--line);stroke-width:1}
.chart .axis{stroke:var(--soft);stroke-width:1}.chart .track{fill:var(--band)}
.chart .limit{stroke:var(--ink);stroke-width:2}.chart .band{fill:var(--c1);opacity:.22;stroke:none}.s1{--c:var(--c1)}
.s2{--c:var(--c2)}.s3{--c:var(--c3)}.s4{--c:var(--c4)}.s5{--c:var(--c5)}.s6{--c:var(--c6)}.s7{--c:var(--c7)}
.over{--c:var(--bad)}rect:is(.s1,.s2,.s3,.s4,.s5,.s6,.s7,.over){fill:var(--c);stroke:var(--card);stroke-width:.5}
rect.hollow:is(.s1,.s2,.s3,.s4,.s5,.s6,.s7){fill:var(--card);stroke:var(--c);stroke-width:1.5}
rect.over{stroke:var(--ink);stroke-width:1}circle{fill:var(--c);stroke:var(--card);stroke-width:1}
circle.hollow{fill:var(--card);stroke:var(--c);stroke-width:1.5}
polyline{fill:none;stroke:var(--c);stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.dashed{stroke-dasharray:7 4}.dotted{stroke-dasharray:2 3}.dashdot{stroke-dasharray:8 3 2 3}
.long{stroke-dasharray:14 4}circle:is(.dashed,.dotted,.dashdot,.long){stroke-dasharray:none}.spark{margin-top:.35rem}
.legend{font-size:.8rem;color:var(--soft);margin:0 0 .35rem}.legend span{margin-right:1rem}
details{margin-top:.6rem;font-size:.87rem}summary{cursor:pointer;color:var(--mark);font-size:.82rem}
details p{margin:.5rem 0 0;font-size:.82rem}.wide-fold{margin-top:.75rem}
table{min-width:0;table-layout:auto;font-size:.87rem}th{background:none;border-bottom:2px solid var(--line);
color:var(--soft);font-weight:600;vertical-align:bottom;white-space:normal;font-size:.8rem}
th,td{padding:.35rem .5rem;overflow-wrap:break-word}th:first-child,td:first-child{padding-left:0}
td.number{white-space:nowrap}tbody tr:last-child td{border-bottom:0}
#environments>.soft{font-size:.82rem;margin-top:.5rem}#environments .wide,.wide-fold .wide,#definitions .wide{
background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.4rem .9rem}
.environment{border-top:3px solid var(--mark);padding-top:1rem;margin-top:3rem}
.facts{display:flex;flex-wrap:wrap;gap:.5rem 2.5rem;margin:0 0 1rem}.facts dt{font-size:.8rem;color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}.facts.long{display:block}
.facts.long div{display:grid;grid-template-columns:13rem 1fr;padding:.2rem 0;border-bottom:1px solid var(--line)}
.back{font-size:.85rem;margin:.75rem 0 0}.empty{padding:1rem;border:1px dashed var(--line);border-radius:.5rem}
@media(max-width:46rem){body{padding:.8rem}h1{font-size:1.35rem}.panels{grid-template-columns:minmax(0,1fr)}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:.5rem}.tile .value{font-size:1.4rem}
.facts.long div{grid-template-columns:1fr}table.cards,table.cards tbody{display:block}
table.cards thead{position:absolute;left:-999rem}table.cards tr{display:grid;grid-template-columns:repeat(auto-fill,
minmax(8rem,1fr));gap:.15rem .8rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
table.cards tr:last-child{border-bottom:0}
table.cards td{display:block;border:0;padding:0;text-align:left;overflow-wrap:anywhere;white-space:normal}
table.cards td::before{content:attr(data-label);display:block;color:var(--soft);font-size:.72rem;line-height:1.3}
table.cards td:first-child{grid-column:1/-1;font-weight:600}table.cards td:first-child::before{display:none}
.state{white-space:normal}}
@media print{@page{size:A4;margin:14mm}:root{--ink:#111;--soft:#444;--line:#bbb;--back:#fff;--band:#eee;
--good:#14663a;--bad:#a8231a;--mark:#1d4f91;--wait:#8a5a00;--card:#fff;--page:#fff;--c1:#0072b2;--c2:#b87400;
--c3:#00805c;--c4:#c44e00;--c5:#3a8fc7;--c6:#a8558a;--c7:#6b7280}html{color-scheme:light;font-size:10.5px}
body{font-size:10.5px;print-color-adjust:exact;-webkit-print-color-adjust:exact}nav,.back,summary{display:none}
.environment{break-before:page;margin-top:0}.panel,.tile,tr,h2,h3,figcaption{break-inside:avoid}
h2,figcaption{break-after:avoid}.panel.span{break-inside:auto}.panels{gap:.5rem}
.tiles{grid-template-columns:repeat(4,1fr);gap:.4rem}.tile .value{font-size:1.3rem}section{margin-top:1.2rem}
details{margin-top:.3rem}details::details-content{display:block;content-visibility:visible;height:auto}
.chart{font-size:9px}.chart text.soft,.chart text.end{font-size:8.5px}table{font-size:8.5px}th{font-size:8.5px}
th,td{padding:.15rem .3rem}details p{font-size:8.5px}a{color:inherit;text-decoration:none}}
"""
