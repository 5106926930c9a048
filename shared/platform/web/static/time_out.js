// Warns before a session ends, and has what was typed kept. Every page works without this file.
const WARN = 300
const LEAVE = 10

export function watchTime(dialog) {
  let endsAt = Date.now() + Number(dialog.dataset.seconds) * 1000
  let typed = null
  let leaving = false
  const left = () => Math.round((endsAt - Date.now()) / 1000)

  document.addEventListener('input', (event) => {
    const form = event.target.closest('main form[method=post]')
    if (form) typed = form
  })

  async function ask(options) {
    const answer = await fetch(dialog.dataset.left, { headers: { Accept: 'application/json' }, ...options })
    endsAt = Date.now() + (await answer.json()).seconds * 1000
    if (left() > WARN && dialog.open) dialog.close()
  }

  async function leave() {
    // Two looks may have asked at once.
    if (leaving) return
    leaving = true
    let next = location.pathname + location.search
    if (typed) {
      const body = new FormData(typed)
      for (const [name, value] of [...body]) if (value instanceof File) body.delete(name)
      body.set('kept_path', new URL(typed.action).pathname)
      const answer = await fetch(dialog.dataset.keep, { method: 'POST', body: new URLSearchParams(body) }).catch(() => null)
      if (!answer) {
        // Nobody can be reached to keep it: nothing stays in sight, nothing typed is lost, and look() tries again.
        document.documentElement.hidden = true
        leaving = false
        return
      }
      if (answer.ok) next = (await answer.json()).next || next
    }
    location.replace(`/sign-in?next=${encodeURIComponent(next)}`)
  }

  async function look() {
    if (leaving) return
    // Another tab may have gone on meanwhile, so ask before warning and before leaving.
    if (left() <= WARN) await ask({}).catch(() => {})
    if (left() <= LEAVE) return leave()
    if (left() > WARN) return
    const minutes = Math.ceil(left() / 60)
    dialog.querySelector('[data-words]').textContent = minutes === 1 ? '1 minute' : `${minutes} minutes`
    if (!dialog.open) dialog.showModal()
  }

  dialog.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault()
    ask({ method: 'POST', body: new URLSearchParams(new FormData(event.target)) }).catch(() => {})
  })
  document.addEventListener('visibilitychange', look)
  setInterval(look, 5000)
}
