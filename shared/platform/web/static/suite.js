// Starts the enhancements of GOV.UK Frontend, and the warning before a session ends. Every page works without this file.
import { initAll } from './govuk/govuk-frontend.min.js'
import { watchTime } from './time_out.js'

initAll()

const dialog = document.getElementById('suite-time-out')
if (dialog) watchTime(dialog)
