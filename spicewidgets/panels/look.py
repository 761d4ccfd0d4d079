"""The style sheet of the panels.

The palette is light or dark as the page's own switch says, else as the theme of Jupyter or Colab; widgets
take their colours from it. Texts have the colours of text only: the colours of truth, RNN and SPICE are for
lines and marks, which need less contrast.
"""

LIGHT = """--sw-paper:#fff;--sw-wash:#f7f8fa;--sw-ink:#1b1f24;--sw-muted:#5a616a;--sw-line:#e1e4e8;
 --sw-edge:#868d96;--sw-press:#eceef1;--sw-bad:#b3261e;--sw-focus:#1f6fb8;color-scheme:light"""
DARK = """--sw-paper:#111417;--sw-wash:#191d21;--sw-ink:#eceff2;--sw-muted:#a3abb4;--sw-line:#2b3137;
 --sw-edge:#7d8690;--sw-press:#262c32;--sw-bad:#f2938a;--sw-focus:#6fb1ea;color-scheme:dark"""
# What Jupyter's widgets and bqplot take their colours from, in the terms of the palette.
THEME = "".join(
    f"--jp-{name}:var(--sw-{colour});"
    for colour, names in {
        "paper": "layout-color0 layout-color1 widgets-input-background-color"
        " widgets-slider-handle-background-color rendermime-table-row-background",
        "wash": "layout-color2",
        "press": "layout-color3",
        "ink": "ui-font-color0 ui-font-color1 content-font-color0 content-font-color1 widgets-color"
        " widgets-label-color widgets-readout-color widgets-input-color widgets-slider-handle-border-color"
        " widgets-slider-active-handle-color",
        "muted": "ui-font-color2 ui-font-color3 content-font-color2",
        "line": "border-color2 border-color3",
        "edge": "border-color0 border-color1 widgets-input-border-color",
        "focus": "brand-color1 widgets-input-focus-border-color",
    }.items()
    for name in names.split()
)
PALETTE = f"""
.sw-panel,:root[data-sw-look=light] :is(.sw-panel,body[data-voila]){{{LIGHT}}}
:is([data-jp-theme-light="false"],html[theme="dark"]) .sw-panel,
:root[data-sw-look=dark] :is(.sw-panel,body[data-voila]){{{DARK}}}
:root[data-sw-look=light] .sw-panel{{{LIGHT}}}
.sw-panel,:root[data-sw-look] body[data-voila]{{{THEME}}}
"""
STYLE = (
    f"""<style>{PALETTE}"""
    + """
.sw-panel{--jp-widgets-dropdown-arrow:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'\
 viewBox='0 0 18 18'%3E%3Cpath fill='none' stroke='%23808080' stroke-width='2'\
 d='M4 7l5 5 5-5'/%3E%3C/svg%3E");
 color:var(--sw-ink);font-family:system-ui,sans-serif;font-size:13px;overflow:visible}
.sw-panel .widget-vbox,.sw-panel .widget-hbox,.sw-panel .widget-box{overflow:visible}
.sw-panel,.sw-panel>.widget-vbox,.sw-columns{flex-shrink:0}
.sw-panel .widget-html,.sw-panel .widget-html-content{margin:0;line-height:1.4;height:auto;
 color:var(--sw-ink)}
.sw-panel h2{font-size:15px;font-weight:600;margin:2px 0 4px}
.sw-panel h3{font-size:13px;font-weight:600;margin:12px 0 4px}
.sw-panel p{margin:0 0 8px;font-size:13px}
.sw-panel code{background:none;color:inherit;font-size:12px;padding:0;overflow-wrap:anywhere}
.sw-panel pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;margin:4px 0;user-select:all;
 background:none;color:inherit}
.sw-panel summary{cursor:pointer;font-size:13px;padding:4px 0}
.sw-panel math{font-size:17px}
.sw-panel :is(button,.jupyter-button){border-radius:6px;font-size:13px;color:var(--sw-ink);
 background:var(--sw-paper);border:1px solid var(--sw-edge);box-shadow:none!important;height:30px;
 line-height:28px;margin:2px 6px 2px 0}
.sw-panel :is(button,.jupyter-button):hover:enabled{background:var(--sw-press)}
.sw-panel button:disabled{opacity:.55}
.sw-panel button.mod-active{background:var(--sw-press);font-weight:600}
.sw-panel :is(.mod-primary,.sw-next){background:var(--sw-ink)!important;color:var(--sw-paper)!important;
 border-color:var(--sw-ink)}
.sw-panel .sw-quiet{border-color:transparent;background:none;color:var(--sw-muted)}
.sw-panel :is(button,input,select,textarea,summary,a,pre,[tabindex],.noUi-handle,.ui-slider-handle)\
:focus-visible{outline:2px solid var(--sw-focus)!important;outline-offset:1px}
.sw-panel button:focus:not(:focus-visible){outline:0!important}
.sw-help{color:var(--sw-muted);font-size:12px;line-height:1.35}
.sw-alert,.sw-note{padding:6px 10px;margin:4px 0;background:var(--sw-wash);font-size:13px;
 line-height:1.4;border-left:4px solid var(--sw-focus)}
.sw-alert{border-left-color:#d14a40}
.sw-row{display:flex;flex-flow:row wrap}

.sw-field.widget-inline-hbox{display:flex;flex-flow:row wrap;align-items:center;height:auto;width:100%;
 margin:0;column-gap:8px}
.sw-field.widget-inline-hbox>label{flex:1 1 auto;width:auto;max-width:100%;text-align:left;font-weight:400;
 font-size:13px;white-space:normal;overflow:visible;line-height:1.3;height:auto;color:var(--sw-ink)}
.sw-field.widget-slider>label{flex:0 0 auto}
.sw-panel .widget-inline-hbox :is(input:not([type=checkbox]),select,textarea){
 background-color:var(--sw-paper);color:var(--sw-ink);border:1px solid var(--sw-line);border-radius:4px}
.sw-panel .widget-inline-hbox select{border-color:var(--sw-edge)}
.sw-field.widget-inline-hbox>input{flex:0 0 92px;min-width:0;text-align:right;
 font-variant-numeric:tabular-nums}
.sw-field.sw-text.widget-inline-hbox>input{flex:1 1 190px;text-align:left}
.sw-field.widget-inline-hbox>select{flex:0 1 auto;min-width:130px;max-width:100%;min-height:28px}
.sw-slider.widget-inline-hbox{width:100%;margin:0 0 2px}
.sw-slider>.widget-label{display:none}
.sw-slider .slider-container{margin-left:8px;margin-right:8px}
.sw-panel .noUi-target{background:var(--sw-edge);border:0;box-shadow:none;height:3px;border-radius:2px}
.sw-panel .noUi-connects{border-radius:2px;background:var(--sw-edge)}
.sw-panel .noUi-connect{background:var(--sw-ink)}
.sw-panel .noUi-horizontal .noUi-handle{border:3px solid var(--sw-ink);background:var(--sw-paper);
 border-radius:50%;box-shadow:none;width:16px;height:16px;top:-7px;right:-8px;cursor:grab}
.sw-panel .noUi-handle:is(::before,::after){display:none}
.sw-panel .noUi-target[disabled]{opacity:.5}
.sw-panel .widget-checkbox label{font-size:13px;white-space:normal;line-height:1.3;color:var(--sw-ink)}
.sw-panel .widget-checkbox{display:flex;align-items:center;width:auto;height:auto;min-height:28px;
 margin:0 12px 0 0}
.sw-panel .widget-checkbox label{display:flex;align-items:center}
.sw-panel .widget-checkbox input{margin:0 6px 0 0;accent-color:var(--sw-ink)}

.sw-grid{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:2px 0 10px}
.sw-grid caption{text-align:left;padding:2px 0;font-weight:600;color:var(--sw-ink)}
.sw-grid td,.sw-grid th{padding:2px 10px 2px 0;text-align:right;vertical-align:baseline;font-weight:400;
 border-bottom:1px solid var(--sw-line)}
.sw-grid td{white-space:nowrap}
.sw-grid thead th{font-weight:600}
.sw-grid :is(th,td):first-child{text-align:left}
.sw-worth{position:relative;display:inline-block;width:160px;height:12px;border:1px solid var(--sw-edge)}
.sw-worth i{position:absolute;inset:0 auto 0 0;background:#1f6fb8}
.sw-worth.sw-less i{background:repeating-linear-gradient(45deg,#788494 0 3px,transparent 3px 6px)}
.sw-worth b{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--sw-ink)}
.sw-question{margin:0 0 16px}.sw-question .sw-field{max-width:22em}
.sw-scroll{overflow-x:auto;max-width:100%}
.sw-pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:8px 24px}
.sw-pictures figure{margin:0}.sw-pictures figcaption{font-size:13px}
.sw-pictures figcaption span{color:var(--sw-muted)}
.sw-pictures svg[role=img]{display:block;width:100%;height:auto}
.sw-pictures text{font:11px system-ui,sans-serif;fill:var(--sw-muted)}
.sw-pictures text.sw-said{fill:var(--sw-ink)}
.sw-axis-grid{stroke:var(--sw-line)}.sw-axis-thin{stroke:var(--sw-edge)}
.sw-axis-dash{stroke:var(--sw-edge);stroke-dasharray:4 4}
.sw-stage{order:2}.sw-controls{order:1}.sw-columns{reading-flow:flex-visual}

/* The page: head, strip, guide, views, stage. None of the first three ever changes its height. */
.sw-explorer{max-width:1312px;margin:0 auto!important;background:var(--sw-paper)}
.sw-explorer>*{padding-left:8px;padding-right:8px}
.sw-head{position:sticky;top:0;z-index:20;background:var(--sw-paper);height:104px;overflow:hidden!important}
.sw-bar{height:40px}.sw-bar>*{align-self:center!important}
.sw-bar>.widget-html:first-child{margin-right:14px;flex:0 0 auto}
.sw-name{font-weight:600;font-size:16px;letter-spacing:-.2px;white-space:nowrap}
.sw-bar>.widget-dropdown.sw-field{flex:0 1 auto;width:auto;flex-flow:row nowrap;margin-right:12px}
.sw-bar>.sw-field>label{flex:0 0 auto;color:var(--sw-muted)}
.sw-bar>.sw-field>select{min-width:84px;max-width:190px;border-color:transparent}
.sw-bar>.sw-field>select:hover{border-color:var(--sw-edge)}
.sw-bar>button{flex:0 0 auto}
.sw-bar>button:first-of-type{margin-left:auto}
.sw-both{height:56px}.sw-both>*,.sw-run>*{align-self:center!important}
.sw-both>.widget-html{flex:1 1 0;min-width:0;overflow:hidden!important}
.sw-run{flex:0 0 auto}
.sw-run>*{margin:0 0 0 12px}
.sw-run .widget-html-content{line-height:0}
.sw-run button{width:86px!important;height:36px;line-height:34px;font-weight:600}
.sw-equations{height:56px;overflow:auto hidden;scrollbar-width:thin;display:flex;align-items:center;gap:24px}
.sw-pair{flex:0 0 auto;display:grid;grid-auto-rows:28px;min-width:max-content}
.sw-line{display:flex;align-items:baseline;line-height:28px;font-variant-numeric:tabular-nums;
 font:17px/28px "STIX Two Math","STIX Two Text",Cambria,"Times New Roman",serif}
.sw-line>b{flex:0 0 92px;font:600 13px/28px system-ui,sans-serif;white-space:nowrap}
.sw-line>span{white-space:nowrap;flex:0 0 auto;min-width:84px}
.sw-line>span.sw-left{min-width:38px}
.sw-line>span.sw-read{min-width:68px;font-size:15px;margin-left:10px}
.sw-line>span.sw-instead{font:13px/28px system-ui,sans-serif}
.sw-panel .sw-verdict{font-size:13px;line-height:18px;max-height:54px;margin:0;flex:1 1 200px;min-width:0;
 overflow:hidden;display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical}
.sw-many .sw-line{font-size:15px}.sw-many .sw-line>span{min-width:72px}
.sw-line.sw-old>*{opacity:.6}

.sw-strip{background:var(--sw-wash);border-bottom:1px solid var(--sw-line);height:114px;
 padding:8px 0 0!important;margin-top:0;overflow:hidden!important;scrollbar-width:none}
.sw-strip>.sw-tile{position:relative;flex:1 1 0;min-width:0;padding:0 12px 8px;margin:0 4px;height:106px;
 border:1px solid transparent;border-bottom:0;overflow:hidden!important;border-top:4px solid transparent}
.sw-strip>.sw-tile:hover{background:var(--sw-press)}
.sw-strip>.sw-open{background:var(--sw-paper);border-color:var(--sw-ink) var(--sw-line);
 border-radius:6px 6px 0 0}
.sw-strip>.sw-open:hover{background:var(--sw-paper)}
.sw-strip>.sw-wanted{outline:2px solid var(--sw-ink);outline-offset:-3px}
.sw-panel .sw-tile>button{position:static;background:none!important;border:0;text-align:left;padding:0;
 height:26px;line-height:26px;font-weight:600;width:100%;margin:0;color:var(--sw-ink)}
.sw-tile>button::after{content:"";position:absolute;inset:0;cursor:pointer}
.sw-panel .sw-tile>button:focus-visible{outline:0!important}
.sw-tile>button:focus-visible::after{outline:2px solid var(--sw-focus);outline-offset:-3px}
.sw-tile :is(.widget-html,.widget-html-content){position:relative;width:100%;min-width:0}
.sw-tile svg{display:block;width:100%;height:42px}
.sw-tile svg path{vector-effect:non-scaling-stroke}
.sw-tile svg .sw-guide-line{stroke:var(--sw-edge);fill:none;stroke-dasharray:3 3}
.sw-tile .widget-html{pointer-events:none}
.sw-tile p{margin:4px 0 0;font-size:12px;color:var(--sw-muted);white-space:nowrap;overflow:hidden;
 text-overflow:ellipsis}
.sw-names span{position:absolute;left:0;transform:translateY(-50%);font:italic 12px/1 serif}
.sw-tile .sw-names{position:absolute;inset:0 auto auto 0;height:42px;width:30px}
.sw-tile.sw-stale .widget-html,.sw-tile.sw-todo .widget-html{opacity:.45}
.sw-tile.sw-running::before{content:"";position:absolute;left:0;top:-4px;height:4px;width:40%;
 background:var(--sw-ink);animation:sw-run 1s linear infinite}
@keyframes sw-run{from{transform:translateX(-100%)}to{transform:translateX(250%)}}

.sw-guide{height:52px;align-items:center!important}
.sw-guide>*{align-self:center!important}
.sw-guide>.widget-html{flex:1 1 auto;min-width:0}
.sw-guide>button{flex:0 0 auto;font-weight:600;padding:0 14px}
.sw-guide>.sw-quiet{font-weight:400}
.sw-says{display:flex;align-items:center;gap:10px;height:52px;font-size:15px;line-height:1.3}
.sw-says>span{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.sw-says>b:first-child{flex:0 0 auto}
.sw-says progress{flex:0 0 120px;height:8px;accent-color:var(--sw-ink)}
.sw-failed>b:first-child,.sw-wrong>b:first-child{color:var(--sw-bad)}
.sw-narrow{display:none}
.sw-drawer{border-bottom:1px solid var(--sw-line);padding-bottom:8px}
.sw-drawer ul{margin:0;padding-left:18px;max-height:220px;overflow:auto}

.sw-views,.sw-nav{border-bottom:1px solid var(--sw-line);gap:0 4px}
.sw-views{height:37px;overflow:auto hidden!important;flex-wrap:nowrap!important;scrollbar-width:none}
.sw-panel :is(.sw-views,.sw-nav)>button{border:0;background:none!important;border-radius:0;height:36px;
 line-height:36px;padding:0 8px;margin:0 6px 0 0;color:var(--sw-muted);flex:0 0 auto;width:auto}
.sw-panel :is(.sw-views,.sw-nav)>button.mod-active{color:var(--sw-ink);font-weight:600;
 box-shadow:inset 0 -2px var(--sw-ink)!important}
.sw-explorer>.sw-room{padding-top:12px}
.sw-wanted.jupyter-button{background:var(--sw-ink)!important;color:var(--sw-paper)!important}

.sw-present{zoom:1.3;max-width:none}
.sw-present :is(.sw-help,.sw-bar>.sw-quiet,.sw-tray,.sw-files){display:none!important}

@media(max-width:1100px){.sw-panel .sw-verdict{display:none}.sw-narrow{display:inline}
 .sw-line>span{min-width:76px}.sw-line>b{flex-basis:84px}}
@media(max-width:900px){
 .sw-stage{order:1}.sw-controls{order:2;max-width:none!important;margin:0!important}
 .sw-strip{overflow:auto hidden!important;flex-wrap:nowrap!important}
 .sw-strip>.sw-tile{flex:0 0 138px}
 .sw-run>:is(.widget-html,.widget-checkbox){display:none}
}
@media(max-width:600px){
 .sw-explorer>*{padding-left:10px;padding-right:10px}
 .sw-head{height:100px}.sw-bar{height:36px;overflow:auto hidden!important;scrollbar-width:none}
 .sw-name{display:none}
 .sw-bar>.sw-field.widget-inline-hbox>label{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
 .sw-bar>.sw-field>select{min-width:60px;max-width:130px}
 .sw-line{font-size:15px}.sw-line>b{flex-basis:46px}.sw-line>b svg{display:none}
 .sw-line>span{min-width:62px}.sw-line>span.sw-left{display:none}.sw-line>span.sw-read{display:none}
 .sw-run button{width:70px!important}
 .sw-strip{height:103px}.sw-strip>.sw-tile{height:95px}
 .sw-tile :is(svg,.sw-names){height:32px}
 .sw-guide{height:60px}.sw-says{height:60px;font-size:13px}
 .sw-says>span{-webkit-line-clamp:3}.sw-guide>button{padding:0 8px}
 .sw-worth{width:84px}
 .sw-explorer .sw-stage{position:sticky;top:100px;z-index:10;max-height:45vh;overflow:auto!important;
  background:var(--sw-paper);border-bottom:1px solid var(--sw-line)}
}
@media(prefers-reduced-motion:reduce){.sw-tile.sw-running::before{animation:none;width:100%}}
@media(prefers-reduced-motion:no-preference){.sw-line>span{transition:opacity .2s}}

.sw-standings :is(th,td):last-child{text-align:left}.sw-standings .sw-swatch{vertical-align:-1px}
.sw-grid.sw-standings{width:100%}.sw-standings tbody th{white-space:nowrap}
.sw-inwords{display:block;white-space:normal;min-width:200px}
@media(max-width:700px){.sw-standings :is(th,td):nth-child(n+4):nth-child(-n+7){display:none}
 .sw-inwords{min-width:150px}}

/* the views rivals, recovery and falsify */
.sw-study{container-type:inline-size;width:100%}
.sw-study .widget-html-content{min-width:0;font-size:13px;font-variant-numeric:tabular-nums}
.sw-outcome{font-size:15px!important;line-height:1.35;margin:0 0 8px}
.sw-heading,.sw-chart figcaption{line-height:1.4;margin:8px 0 4px}
.sw-figures{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px;margin:8px 0}
.sw-figures b{display:block;font-size:18px;font-weight:600;line-height:1.3}
.sw-figures span span{font-size:12px;color:var(--sw-muted)}
.sw-study .sw-sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.sw-study .sw-key{display:inline-flex;align-items:center;gap:6px;white-space:nowrap}
.sw-studied{font-size:13px}.sw-studied progress{width:120px;height:8px;accent-color:var(--sw-ink)}
.sw-at{position:relative;height:26px;min-width:60px}
.sw-v,.sw-h,.sw-stem{position:absolute;display:block;background:var(--sw-line)}
.sw-v{width:1px;top:0;bottom:0}.sw-h{height:1px;left:0;right:0}
.sw-zero,.sw-stem{background:var(--sw-edge)}
.sw-dash{background:repeating-linear-gradient(90deg,var(--sw-edge) 0 3px,transparent 3px 6px)}
.sw-at u{position:absolute;height:2px;top:12px}
.sw-mark{position:absolute;width:12px;height:12px;transform:translate(-50%,-50%);overflow:visible}
.sw-xt,.sw-yt,.sw-vt,.sw-who{position:absolute;white-space:nowrap;font-size:12px;line-height:1.2;color:var(--sw-muted)}
.sw-xt{transform:translateX(-50%)}
.sw-riv,.sw-fal{border-collapse:collapse;width:100%;line-height:18px}
.sw-riv :is(td,th),.sw-fal :is(td,th){font-weight:400;text-align:left;padding:0 12px 0 0;
 border-bottom:1px solid var(--sw-line)}
.sw-riv thead th,.sw-fal thead th{font-size:12px;color:var(--sw-muted);vertical-align:bottom;
 padding-bottom:4px}
.sw-riv th[scope=row]{white-space:nowrap}.sw-riv th[scope=row] svg,.sw-fal th[scope=row] svg{margin-right:6px;
 vertical-align:-1px}
.sw-riv .r,.sw-fal .r{text-align:right}.sw-riv tr>:last-child,.sw-fal tr>:last-child{padding-right:0}
.sw-riv .sw-d{width:22%;padding-left:8px}.sw-riv .sw-share{min-width:76px}.sw-riv td{white-space:nowrap}
.sw-riv b,.sw-fal b{font-weight:650}.sw-riv small,.sw-fal small{font-size:12px;color:var(--sw-muted)}
.sw-riv .sw-foot td{border:0}.sw-riv .sw-foot .sw-at{height:18px}
.sw-length{display:block;height:8px;min-width:2px}
.sw-fal :is(td,th){padding:5px 16px 5px 0;vertical-align:baseline}.sw-fal th[scope=row]{white-space:nowrap}
.sw-fal thead .r{max-width:110px}.sw-fal td.r{white-space:nowrap}
.sw-chart{margin:12px 0 0;min-width:0}
.sw-plot{position:relative;height:180px;margin:10px 12px 26px 44px}
.sw-plot>svg:not(.sw-mark){position:absolute;width:100%;height:100%;overflow:visible}
.sw-yt{right:calc(100% + 8px);transform:translateY(-50%)}
.sw-plot>.sw-xt{top:calc(100% + 7px);text-align:center}
.sw-vt,.sw-who{padding:0 5px;color:var(--sw-ink)}
.sw-vt{bottom:4px}.sw-vt+.sw-v+.sw-vt{bottom:22px}
.sw-vt.sw-left,.sw-who.sw-left{transform:translateX(-100%)}
.sw-plot>.sw-v{background:var(--sw-edge)}
.sw-xn{font-size:12px;color:var(--sw-muted);text-align:center;padding-left:32px;margin-top:-4px}
.sw-keys{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12px}
.sw-stems .sw-plot{height:130px;margin:18px 12px 16px 44px}
.sw-stem{width:1px}.sw-stem.sw-own{width:3px}.sw-one{position:relative;width:12px;height:12px}
.sw-who{transform:translate(6px,-50%)}.sw-who.sw-left{transform:translate(-100%,-50%) translateX(-8px)}
.sw-charts{display:grid;grid-template-columns:2fr 1.2fr 1fr 1fr;gap:8px 16px;margin:8px 0}
.sw-charts.sw-numbers{grid-template-columns:repeat(auto-fill,minmax(180px,1fr))}
.sw-charts .sw-chart{margin:0}.sw-charts figcaption{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.sw-charts .sw-plot{height:160px;margin-right:4px}
.sw-wide .sw-xt{white-space:normal;width:48px;line-height:1.1;font-size:11px}
.sw-wide .sw-plot{margin-bottom:40px}
.sw-heat{border-collapse:separate;border-spacing:2px;font-size:12px}
.sw-heat th{font-weight:400;color:var(--sw-muted);vertical-align:bottom;line-height:1.15;padding:0 2px;
 max-width:64px}
.sw-heat th[scope=row]{text-align:right;padding-right:8px;white-space:nowrap;vertical-align:middle;
 max-width:none}
.sw-heat tbody td{position:relative;width:52px;min-width:34px;height:28px;text-align:center;z-index:0;
 background:var(--sw-wash)}
.sw-heat tbody td::before{content:"";position:absolute;inset:0;background:currentColor;
 opacity:var(--heat);z-index:-1}
.sw-heat .sw-right{font-weight:650;outline:1px solid var(--sw-edge);outline-offset:-1px}
.sw-words td:last-child{text-align:left;white-space:normal}.sw-words th:last-child{text-align:left}
.sw-parts{gap:16px 32px}.sw-parts>.widget-vbox{flex:1 1 300px;min-width:0;width:auto!important}
.sw-plan{align-items:baseline;gap:0 8px;font-size:18px}
.sw-plan .widget-html-content,.sw-answer{font-size:18px!important;line-height:34px!important}
.sw-answer{margin:0!important;font-weight:600}
.sw-plan .sw-field.widget-inline-hbox{width:auto!important;flex:0 1 auto}
.sw-plan .sw-field.widget-inline-hbox>label{position:absolute;width:1px;height:1px;overflow:hidden;
 clip-path:inset(50%);min-width:0}
.sw-plan .sw-field.widget-inline-hbox>:is(select,input){font-size:17px;height:32px;min-width:0;border:0;
 background-color:transparent;box-shadow:none;border-bottom:2px solid var(--sw-edge);
 border-radius:0;color:var(--sw-ink)}
.sw-plan .sw-field.widget-inline-hbox>input{flex:0 0 64px;width:64px;text-align:center}
.sw-plan .sw-field.sw-in-effect{flex:0 0 64px}
@container (max-width:840px){.sw-riv .c-s{display:none}.sw-charts{grid-template-columns:1fr 1fr}}
@container (max-width:560px){
 .sw-riv :is(.c-n,.c-v,.c-d){display:none}.sw-riv .sw-d{width:34%}.sw-riv :is(td,th){padding-right:8px}
 .sw-riv .sw-xt:nth-child(even){display:none}
 .sw-charts{grid-template-columns:minmax(0,1fr)}
 .sw-fal,.sw-fal tbody,.sw-fal thead{display:block}
 .sw-fal tr{display:grid;grid-template-columns:1fr 96px 96px;border-bottom:1px solid var(--sw-line);
 padding:4px 0}.sw-fal :is(td,th){border:0;padding:1px 0}
 .sw-fal tr>:last-child{grid-column:1/-1;color:var(--sw-muted)}.sw-fal thead th:last-child{display:none}
 .sw-plan .widget-html-content,.sw-answer,.sw-plan .sw-field.widget-inline-hbox>:is(select,input){
 font-size:16px!important;line-height:28px!important}
}

/* The readable equation: a pressed number is the tab of what is known of it. */
.sw-equation{--sw-serif:"STIX Two Text","STIX Two Math",Cambria,"Times New Roman",serif;
 container-type:inline-size}
.sw-panel .sw-sentence{flex-flow:row wrap;align-items:flex-end;column-gap:8px;padding-bottom:3px}
.sw-term{flex:0 0 auto!important;align-items:flex-end;column-gap:8px;width:auto}
.sw-panel .sw-equation :is(.widget-html,.widget-html-content){flex:0 0 auto;overflow:visible!important;
 line-height:44px;width:auto;min-width:0}
.sw-sentence span{font:clamp(19px,2.3cqi,25px)/44px var(--sw-serif)}
.sw-panel .sw-number{flex:0 0 auto;position:relative;top:3px;
 font:clamp(19px,2.3cqi,25px)/38px var(--sw-serif);font-variant-numeric:tabular-nums;height:40px;
 width:auto;min-width:0;padding:0 6px;margin:0;border:0;border-bottom:2px solid var(--sw-edge);
 border-radius:6px 6px 0 0;background:none}
.sw-panel .sw-number.sw-on{background:var(--sw-ink)!important;color:var(--sw-paper);
 border-color:var(--sw-ink)}
.sw-module-row{flex-flow:row wrap;align-items:center!important;border-bottom:1px solid var(--sw-line);
 padding:4px 0;column-gap:6px}
.sw-of{width:170px;line-height:1.35}.sw-of>*{display:block}.sw-of b{font-weight:600}
.sw-of span{color:var(--sw-muted);font-size:12px}
.sw-module-row>*{align-self:center!important;flex:0 0 auto!important}
.sw-module-row>.widget-html:last-child{margin-left:auto}
.sw-cell{font-size:17px;align-items:center!important;column-gap:5px;flex:0 0 auto}
.sw-module-row .widget-html-content>span{font:17px/36px var(--sw-serif);white-space:nowrap}
.sw-panel .sw-module-row .widget-html-content{line-height:36px}
.sw-panel .sw-module-row .sw-number{font-size:17px;height:32px;line-height:30px}
.sw-explained{border-top:2px solid var(--sw-ink);display:grid;gap:4px 28px;padding-top:8px;
 grid-template-columns:repeat(auto-fit,minmax(220px,1fr));min-height:150px}
.sw-explained h3{margin:0 0 6px}.sw-explained p{color:var(--sw-muted);margin:4px 0 0}
.sw-explained .sw-rule{font:20px/1.4 "STIX Two Text",Cambria,"Times New Roman",serif;color:var(--sw-ink)}
.sw-pale-box{fill:color-mix(in srgb,var(--sw-paper,#fff) 77%,#3b8fd9)}
.sw-costs{border-collapse:collapse;width:100%;max-width:300px;font-variant-numeric:tabular-nums}
.sw-costs th{font-weight:400;text-align:left;padding:1px 8px 1px 0;white-space:nowrap}
.sw-costs td:nth-child(2){width:100%}.sw-costs td:last-child{text-align:right;padding-left:8px}
.sw-costs i{display:block;height:9px;background:#788494}
.sw-costs .sw-on i{background:#b1308f}.sw-costs .sw-on td:last-child{font-weight:600}
@media(max-width:700px){.sw-panel .sw-sentence{column-gap:6px}
 .sw-no-term,.sw-module-row>.widget-html:last-child{display:none}
 .sw-cell{min-width:0!important}.sw-of{width:100%}.sw-term{column-gap:6px}
 .sw-explorer .sw-stage:is(:has(.sw-equation),:has(.sw-training)){position:static;max-height:none}
 .sw-panel .sw-module-row>.widget-html:first-child{flex:1 0 100%!important}}

/* the view report */
.sw-card{border-collapse:collapse;font-size:13px;line-height:1.35}
.sw-card :is(th,td){padding:6px 14px 6px 0;text-align:left;vertical-align:top;font-weight:400;
 border-bottom:1px solid var(--sw-line);min-width:96px}
.sw-card tbody th{min-width:150px}.sw-card thead th{font-weight:600}
</style>"""
)
