"""The style sheet of what stands around the axes of a live figure, and of its table. Colours are those of the
Jupyter theme, so that light and dark pages are both readable; the fallbacks are for pages without one.
"""

LOOK = """<style>
.sw-fig{overflow:hidden}
.sw-fig .widget-html,.sw-fig .widget-html-content,.sw-fig .jupyter-widgets{margin:0}
.sw-fig .widget-html-content{line-height:1.35;font-size:13px;color:var(--jp-ui-font-color1,#222);
 font-variant-numeric:tabular-nums}
.sw-legend{display:flex;flex-wrap:wrap;gap:2px 16px;min-height:20px;padding:0 0 2px 2px}
.sw-key{display:inline-flex;align-items:center;gap:6px;white-space:nowrap}
.sw-off{opacity:.4}
.sw-sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.sw-title{display:flex;justify-content:space-between;gap:12px;white-space:nowrap;padding:4px 14px 0 2px}
.sw-title b{font-weight:600;overflow:hidden;text-overflow:ellipsis}
.sw-title code{font-size:11px;background:none;color:var(--jp-ui-font-color2,#5f6368);overflow:hidden;
 text-overflow:ellipsis}
.sw-x{text-align:center;padding-left:32px;color:var(--jp-ui-font-color1,#222)}
.sw-summary{min-height:2.7em;padding:4px 2px 0;color:var(--jp-ui-font-color1,#222);white-space:normal}
.sw-mpl{position:relative;overflow:hidden;font-size:12px;line-height:1}
.sw-pale,.sw-fig .bqplot path.line[style*="rgb(211, 230, 247)"]{
 stroke:color-mix(in srgb,var(--jp-layout-color1,#fff) 77%,#3b8fd9)!important}

.sw-mpl>svg{position:absolute;left:46px;overflow:visible}
.sw-mpl>svg path{vector-effect:non-scaling-stroke}
.sw-mpl span{position:absolute;white-space:nowrap}
.sw-mpl .sw-y{left:0;width:40px;text-align:right;transform:translateY(-50%)}
.sw-mpl .sw-t{transform:translateX(-50%)}
.sw-mpl .sw-w{font-size:11px;color:var(--jp-ui-font-color2,#5f6368)}
.sw-fig .bqplot text{font-family:var(--jp-ui-font-family,system-ui,sans-serif)}
.sw-fig .bqplot .axis .tick text{fill:var(--jp-ui-font-color1,#222)!important}
.sw-fig .bqplot .axis path.domain{stroke:var(--jp-ui-font-color3,#8a8f94)!important}
.sw-fig .bqplot .axis[text-anchor=end] path.domain{display:none}
.sw-fig .bqplot .axis[text-anchor=start] :is(path.domain,.tick line){display:none}
.sw-fig .bqplot path.line{stroke-linejoin:round}
.sw-fig .bqplot path.line[style*="10, 10"]{stroke-dasharray:8 4.5!important}
.sw-fig .bqplot path.line[style*="2, 10"]{stroke-dasharray:2.4 4!important}
.sw-fig .bqplot path.line[style*="10, 5, 2, 5"]{stroke-dasharray:8 3.5 2 3.5!important}
.sw-fig .bqplot .axis .tick line{stroke:var(--jp-border-color2,#e0e0e0)!important;stroke-opacity:1!important;
 opacity:1!important}
.sw-fig .bqplot text.label.element{fill:var(--jp-ui-font-color2,#5f6368)!important}
.sw-large.sw-fig :is(.widget-html-content,.sw-x){font-size:16px}
.sw-large .sw-legend{min-height:24px}
.sw-large .sw-title{font-size:22px;align-items:baseline;flex-wrap:wrap;gap:0 16px}
.sw-large .sw-title code{font:inherit;font-size:16px}
.sw-large .bqplot .axis .tick text{font-size:15px!important}
.sw-large .bqplot path.element{scale:1.8}
@media(max-width:700px){.sw-large.sw-fig :is(.widget-html-content,.sw-x,.sw-title code){font-size:13px}
.sw-large .sw-legend{min-height:42px}.sw-large .sw-title code{flex-basis:100%}}
.sw-table{max-height:320px;overflow:auto;font-size:12px;font-variant-numeric:tabular-nums}
.sw-table table{border-collapse:collapse}
.sw-table caption{text-align:left;padding:2px;line-height:1.4;color:var(--jp-ui-font-color2,#5f6368)}
.sw-table th,.sw-table td{text-align:right;vertical-align:bottom;padding:2px 10px;line-height:1.5;
 font-weight:normal;border-bottom:1px solid var(--jp-border-color2,#e8eaed)}
.sw-table thead th{font-weight:600;position:sticky;top:0;background:var(--jp-layout-color1,#fff)}
</style>"""
