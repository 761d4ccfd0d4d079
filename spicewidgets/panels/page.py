"""What the page does by itself, without asking the kernel: its theme, arrows on tiles and views, the open
tile in the middle of a narrow strip, the presenter's keys, no "(0)" where no file was chosen. And what it
tells the kernel: that somebody looks on, that they want little motion, and where the story was left in this
browser.
"""

from html import escape

# The look is kept in the browser; Voila's page (page.js) takes it over before anything is shown.
SCRIPT = """
const root = this.closest('.sw-explorer');
const remember = (name, value) => { try { localStorage.setItem(name, value); } catch {} };
const recall = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
const page = document.documentElement;
if (recall('sw-look') && !page.dataset.swLook) page.dataset.swLook = recall('sw-look');
const tell = (tries) => {
  const field = root.querySelector('.sw-told input');
  if (!field) { if (tries) setTimeout(tell, 100, tries - 1); return; }
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const scene = recall('sw-scene');
  field.value = ['watched', still && 'still', scene && `scene-${scene}`].filter(Boolean).join(' ');
  for (const event of ['input', 'change']) field.dispatchEvent(new Event(event, { bubbles: true }));
};
tell(100);
const center = () => {
  const open = root.querySelector('.sw-tile.sw-open'), strip = open?.parentElement;
  if (strip && strip.scrollWidth > strip.clientWidth)
    strip.scrollTo({ left: open.offsetLeft - (strip.clientWidth - open.clientWidth) / 2 });
};
root.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.sw-theme')) {
    const dark = getComputedStyle(root).colorScheme === 'dark';
    page.dataset.swLook = dark ? 'light' : 'dark';
    remember('sw-look', page.dataset.swLook);
  }
  if (button.matches('.sw-presenter')) root.classList.add('sw-present');
  setTimeout(center, 250);
});
document.addEventListener('keydown', (event) => {
  if (!root.classList.contains('sw-present')) return;
  if (event.key === 'Escape') root.classList.remove('sw-present');
  const step = { PageDown: 1, PageUp: -1 }[event.key];
  if (!step) return;
  const rooms = [...root.querySelectorAll('.sw-tile button')].filter((one) => one.checkVisibility());
  const at = rooms.findIndex((one) => one.closest('.sw-open'));
  rooms[at + step]?.click();
  event.preventDefault();
});
root.addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const row = event.target.closest?.('.sw-strip, .sw-views, .sw-nav');
  if (!step || !row || event.target.tagName !== 'BUTTON') return;
  const buttons = [...row.querySelectorAll('button')].filter((one) => one.checkVisibility());
  const next = buttons[buttons.indexOf(event.target) + step];
  if (next) { event.preventDefault(); next.focus(); next.click(); }
});
setTimeout(center, 500);
const choosers = root.getElementsByClassName('widget-upload');
const follow = new MutationObserver(() => {
  const scene = root.matches('.sw-in-story') && root.querySelector('[data-story]');
  if (scene) remember('sw-scene', scene.dataset.story);
  for (const one of choosers) {
    const words = one.lastChild;
    if (words?.data?.endsWith(' (0)')) words.data = words.data.slice(0, -4);
  }
});
follow.observe(root, { childList: true, subtree: true, attributeFilter: ['class'] });
"""
PAGE = f'<style onload="{escape(SCRIPT)}">.sw-told{{display:none}}</style>'
