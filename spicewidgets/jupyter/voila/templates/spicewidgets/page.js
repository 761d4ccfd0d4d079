// Keeps the settings in the page's address, so that a reload restores them, and says it when the kernel behind
// the page is gone. Knows of the app no more than the element that carries the settings.
(() => {
  const content = document.getElementById("rendered_cells")
  const told = document.getElementById("jupyter-config-data")
  const config = JSON.parse(told.textContent)
  const kernelUrl = `${config.baseUrl}api/kernels/${config.kernelId}`
  const ENDED = "The session behind this page has ended. Reload the page to begin a new one with the same settings."
  const LOST = "The connection is lost. It is tried again; or reload the page."
  const PERIOD = 5000  // ms between two looks at the kernel
  const DELAY = 200  // ms after a change of settings; browsers allow few changes of the address a second

  // The settings. Those of the address are told to the app once it is shown; until it has taken them, the address
  // stays as it is.

  const asked = new URL(location.href).searchParams.get("settings")
  let delivered = !asked
  if (asked) document.documentElement.dataset.swAsked = ""  // they are shown, and no game before them
  function ask() {
    const field = content.querySelector(".sw-asked input")
    if (delivered || !field) return
    delivered = true
    field.value = asked
    for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }))
  }
  let waiting = 0
  function keep() {
    waiting = 0
    const carrier = document.querySelector(".sw-settings")
    if (!carrier || (asked && !("taken" in carrier.dataset))) return
    const address = new URL(location.href)
    if (carrier.dataset.settings) address.searchParams.set("settings", carrier.dataset.settings)
    else address.searchParams.delete("settings")
    if (address.href !== location.href) history.replaceState(history.state, "", address)
  }
  new MutationObserver(() => {
    if (!waiting) waiting = setTimeout(() => { ask(); keep(); name(); share(); unfold() }, DELAY)
  }).observe(content, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-settings"],
  })

  // What ipywidgets leaves without a name: handles of sliders get that of their label, buttons of a film theirs.
  function name() {
    for (const film of document.querySelectorAll(".widget-play"))
      for (const [at, button] of film.querySelectorAll("button:not([aria-label])").entries())
        button.setAttribute("aria-label", ["Play or pause", "Back to the start", "Repeat"][at] ?? "")
    for (const slider of document.querySelectorAll(".widget-slider")) {
      const label = slider.querySelector(".widget-label")?.textContent
      for (const handle of slider.querySelectorAll("[role=slider]:not([aria-label]), .ui-slider-handle:not([aria-label])"))
        if (label) handle.setAttribute("aria-label", label)
    }
  }

  // What a learner shares with the class, or takes back; the same page, loaded anew, has the same point.

  let shared = ""
  async function share() {
    const box = content.querySelector(".sw-share")
    if (!box || box.dataset.asked === shared) return
    shared = box.dataset.asked
    const sent = JSON.parse(box.dataset.sent), url = `${config.baseUrl}class/points/${config.kernelId}`
    let before = {}
    try { before = JSON.parse(sessionStorage.getItem("sw-class-point") || "{}") } catch {}
    try {
      const answer = sent.numbers
        ? await fetch(url, { method: "POST", body: JSON.stringify({ ...sent, before: before.kernel ?? "" }) })
        : await fetch(url, { method: "DELETE" })
      if (answer.ok && sent.numbers) {
        const { number } = await answer.json()
        try { sessionStorage.setItem("sw-class-point", JSON.stringify({ number, kernel: config.kernelId })) } catch {}
        for (const plot of content.querySelectorAll(".sw-class")) plot.open = true
        box.textContent = "Shared. Everybody sees it; Take it back removes it."
      } else box.textContent = answer.ok ? "It is not on the plot any more." : await answer.text()
    } catch { box.textContent = "The server did not answer. Press again." }
  }
  // Who goes to a room wants it in sight, and not below the plot.
  content.addEventListener("click", ({ target }) => {
    if (target.closest(".sw-tile, .sw-views")) for (const plot of content.querySelectorAll(".sw-class")) plot.open = false
  })

  // A lesson as its teacher reads it: with notes, algebra and code unfolded.
  const teaches = new URL(location.href).searchParams.has("teacher")
  function unfold() {
    if (teaches) for (const folded of content.querySelectorAll("details:not([open], .sw-seen)")) {
      folded.open = true
      folded.classList.add("sw-seen")
    }
  }

  // The kernel.

  let ended = false, leaving = false
  function say(words) {
    let bar = document.getElementById("sw-gone")
    if (words && !bar) {
      bar = document.createElement("div")
      bar.id = "sw-gone"
      bar.setAttribute("role", "alert")
      bar.append(document.createElement("span"), document.createElement("button"))
      bar.lastChild.textContent = "Reload"
      bar.lastChild.onclick = () => { keep(); location.reload() }
      document.body.prepend(bar)
    }
    if (bar && !words) bar.remove()
    else if (words && bar.firstChild.textContent !== words) bar.firstChild.textContent = words
  }
  function end(why = ENDED) {
    ended = true
    if (!leaving) say(why)
  }
  async function look() {
    if (ended || leaving) return
    try {
      const answer = await fetch(kernelUrl, { cache: "no-store" })
      if (answer.status === 404) end()
      else if (answer.status === 410) end(await answer.text())
      else if (!ended && !leaving) say(answer.ok ? "" : LOST)
    } catch {
      if (!ended && !leaving) say(LOST)
    }
  }
  setInterval(look, PERIOD)

  // A page that is left ends its kernel. The server wants that request to carry the same number as a cookie, and
  // Voila's page comes without the cookie: unless it is set, each reload leaves a kernel behind.
  if (!/\b_xsrf=/.test(document.cookie)) {
    const number = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
    document.cookie = `_xsrf=${number.join("")}; path=${config.baseUrl}; samesite=strict`
  }

  // MathJax is Voila's own: a Jupyter server with Voila in it, as on Binder, would fetch one from elsewhere.
  told.textContent = JSON.stringify({ ...config, fullMathjaxUrl: null, mathjaxConfig: null })

  // ipywidgets 7 calls the typesetter of MathJax 2 for every label; the page has MathJax 3, and no label of ours
  // holds mathematics.
  let mathjax
  Object.defineProperty(window, "MathJax", {
    configurable: true,
    get: () => mathjax,
    set(value) {
      if (value) value.Hub ??= { Queue() {} }
      mathjax = value
    },
  })

  // A figure of bqplot is made before it has room, with marks of a negative size, and is drawn 0.3 s after its last
  // change; in a page that is magnified it takes its room for larger than it is, and loses what lies beyond.
  function mend(figure) {
    const { initialize, getFigureSize } = figure.prototype
    if (!getFigureSize) return
    figure.prototype.initialize = function (...options) {
      initialize.apply(this, options)
      const later = this.debouncedRelayout
      this.debouncedRelayout = () => (this.plotareaWidth >= 1 ? later() : this.relayout())
    }
    figure.prototype.getFigureSize = function () {
      const { x, y, width, height } = this.el.getBoundingClientRect(), zoom = this.el.currentCSSZoom ?? 1
      const { left, right, top, bottom } = this.model.get("fig_margin")
      return { x, y, width: Math.max(width / zoom, left + right), height: Math.max(height / zoom, top + bottom) }
    }
  }

  // Voila's own objects: the widget manager and its connection to the kernel.

  function watch(manager) {
    const load = manager.loadClass, mended = new Set()
    if (load) manager.loadClass = async function (name, module, version) {
      const found = await load.call(this, name, module, version)
      if (module === "bqplot" && name === "Figure" && !mended.has(found)) {
        mended.add(found)
        mend(found)
      }
      return found
    }
    const kernel = manager.kernel
    // A kernel that has died is started anew under the same name, and knows nothing of this page.
    kernel.statusChanged.connect((_, status) => {
      if (["autorestarting", "restarting", "dead"].includes(status)) end()
    })
    kernel.connectionStatusChanged.connect(look)

    // What changes in the kernel while the page copies its widgets is lost (voila#1101): it is asked for again
    // once the first of them is shown, for then all are there.
    const missed = new Set()
    const note = (_, message) => {
      if (message.header.msg_type === "comm_msg") missed.add(message.content.comm_id)
    }
    kernel.iopubMessage.connect(note)
    const shown = new MutationObserver(async () => {
      if (!content.querySelector(".jupyter-widgets")) return
      shown.disconnect()
      kernel.iopubMessage.disconnect(note)
      for (const id of missed) {
        if (manager.has_model(id)) (await manager.get_model(id)).comm?.send({ method: "request_state" }, {})
      }
    })
    shown.observe(content, { subtree: true, childList: true })
  }
  Object.defineProperty(window, "jupyterapp", {
    configurable: true,
    set(app) {
      Object.defineProperty(window, "jupyterapp", { value: app })
      watch(app.widgetManager)
    },
  })
  addEventListener("online", look)
  addEventListener("beforeunload", () => { leaving = true })
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload() })
})();
