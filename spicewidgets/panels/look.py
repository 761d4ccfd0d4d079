"""The style sheet of the panels.

Colours are those of the Jupyter theme, so that light and dark pages are both readable; the fallbacks are for
pages without one. Texts have the theme's text colours only: the colours of truth, RNN and SPICE are for lines
and marks, which need less contrast.
"""

STYLE = """<style>
.sw-panel{--jp-widgets-dropdown-arrow:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'\
 viewBox='0 0 18 18'%3E%3Cpath fill='none' stroke='%23808080' stroke-width='2'\
 d='M4 7l5 5 5-5'/%3E%3C/svg%3E");
 color:var(--jp-ui-font-color1,#222);font-family:system-ui,sans-serif;overflow:visible}
.sw-panel .widget-vbox,.sw-panel .widget-hbox,.sw-panel .widget-box{overflow:visible}
.sw-panel,.sw-panel>.widget-vbox,.sw-columns{flex-shrink:0}
.sw-panel .widget-html,.sw-panel .widget-html-content{margin:0;line-height:1.4;height:auto;
 color:var(--jp-ui-font-color1,#222)}
.sw-panel h2{font-size:19px;font-weight:650;margin:2px 0 4px}
.sw-panel h3{font-size:14px;font-weight:650;margin:10px 0 4px}
.sw-panel p{margin:0 0 8px;font-size:13px}
.sw-panel code{background:none;color:inherit;font-size:12px;padding:0;overflow-wrap:anywhere}
.sw-panel pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;margin:4px 0;user-select:all}
.sw-panel summary{cursor:pointer;font-size:13px;padding:4px 0}
.sw-panel math{font-size:16px}
.sw-panel button{border-radius:4px;font-size:13px}
.sw-panel button:disabled{opacity:.55}
.sw-panel .mod-primary{background:#1f6fb8!important;color:#fff!important}
.sw-panel :is(button,input,select,textarea,summary,a,pre,[tabindex],.ui-slider-handle):focus-visible{
 outline:2px solid #3b8fd9!important;outline-offset:1px}
.sw-help{color:var(--jp-ui-font-color2,#555);font-size:12px;line-height:1.35}
.sw-alert,.sw-note{padding:6px 10px;margin:4px 0;background:var(--jp-layout-color2,#f3f3f3);font-size:13px;
 line-height:1.4;border-left:4px solid #3b8fd9}
.sw-alert{border-left-color:#d14a40}
.sw-row{display:flex;flex-flow:row wrap}

.sw-field.widget-inline-hbox{display:flex;flex-flow:row wrap;align-items:center;height:auto;width:100%;
 margin:0;column-gap:8px}
.sw-field.widget-inline-hbox>label{flex:1 1 auto;width:auto;max-width:100%;text-align:left;font-weight:600;
 font-size:13px;white-space:normal;overflow:visible;line-height:1.3;height:auto;
 color:var(--jp-ui-font-color1,#222)}
.sw-field.widget-slider>label{flex:0 0 auto}
.sw-field.widget-inline-hbox>input{flex:0 0 92px;min-width:0;text-align:right;
 font-variant-numeric:tabular-nums}
.sw-field.sw-text.widget-inline-hbox>input{flex:1 1 190px;text-align:left}
.sw-field.widget-inline-hbox>select{flex:0 1 auto;min-width:130px;max-width:100%;min-height:28px}
.sw-slider.widget-inline-hbox{width:100%;margin:0 0 2px}
.sw-slider>.widget-label{display:none}
.sw-slider .slider-container{margin-left:8px;margin-right:8px}
.sw-panel .widget-checkbox label{font-size:13px;white-space:normal;line-height:1.3}
.sw-panel .widget-checkbox{display:flex;align-items:center;width:auto;height:auto;min-height:28px;
 margin:0 12px 0 0}
.sw-panel .widget-checkbox label{display:flex;align-items:center}
.sw-panel .widget-checkbox input{margin:0 6px 0 0}

.sw-grid{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:2px 0 10px}
.sw-grid caption{text-align:left;padding:2px 0;font-weight:600}
.sw-grid td,.sw-grid th{padding:2px 10px 2px 0;text-align:right;vertical-align:baseline;font-weight:400;
 border-bottom:1px solid var(--jp-border-color2,#e0e0e0)}
.sw-grid td{white-space:nowrap}
.sw-grid thead th{font-weight:600}
.sw-grid :is(th,td):first-child{text-align:left}
.sw-worth{position:relative;display:inline-block;width:160px;height:12px;
 border:1px solid var(--jp-border-color1,#bbb)}
.sw-worth i{position:absolute;inset:0 auto 0 0;background:#1f6fb8}
.sw-worth.sw-less i{background:repeating-linear-gradient(45deg,#788494 0 3px,transparent 3px 6px)}
.sw-worth b{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--jp-ui-font-color1,#222)}
.sw-question{margin:0 0 16px}.sw-question .sw-field{max-width:22em}
.sw-scroll{overflow-x:auto;max-width:100%}

.sw-stage{order:2}.sw-controls{order:1}.sw-columns{reading-flow:flex-visual}
.sw-head{position:sticky;top:0;z-index:20;background:var(--jp-layout-color1,#fff);padding:4px 0 2px;
 border-bottom:1px solid var(--jp-border-color2,#e0e0e0)}
.sw-head .widget-html-content{font-size:15px}
.sw-name{font-weight:650;font-size:17px;margin-right:16px}
.sw-equations{max-height:148px;overflow-y:auto}
.sw-line{display:flex;flex-flow:row wrap;align-items:baseline;line-height:1.5;
 font-variant-numeric:tabular-nums}
.sw-line>b{flex:0 0 88px;font-weight:600;white-space:nowrap}
.sw-line>span{white-space:nowrap;flex:0 0 auto;min-width:80px}
.sw-line>span.sw-left{min-width:32px}
.sw-line>span.sw-instead{white-space:normal;flex:1 1 200px;font-size:13px;line-height:1.35}
.sw-line>span.sw-says{min-width:72px}
.sw-line.sw-old>*{opacity:.6}
.sw-line.sw-module{font-size:12px;color:var(--jp-ui-font-color2,#555)}
.sw-progress{display:flex;flex-flow:row wrap;align-items:center;gap:2px 12px;min-height:34px;font-size:13px}
.sw-progress svg{flex:0 0 120px}
.sw-progress progress{width:120px;height:8px;accent-color:#1f6fb8}
.sw-nav .widget-toggle-button,.sw-nav button{width:auto;padding:0 9px;margin:1px}
@media(max-width:700px){
 .sw-stage{order:1}.sw-controls{order:2;max-width:none!important;margin:0!important}
 .sw-head{font-size:13px}.sw-name{display:none}
 .sw-line{font-size:12.5px}.sw-line>b{flex-basis:44px}.sw-line>b svg{display:none}
 .sw-line>span{min-width:56px}.sw-line>span.sw-says{min-width:48px}.sw-line>span.sw-left{min-width:26px}
 .sw-equations{max-height:160px}.sw-worth{width:84px}.sw-progress svg{display:none}
 .sw-nav button{padding:0 6px;font-size:12px}
}
@media(prefers-reduced-motion:no-preference){.sw-line>span{transition:opacity .2s}}
</style>"""
