// Starts the enhancements of GOV.UK Frontend. Every page works without this file.
import { initAll } from './govuk/govuk-frontend.min.js'

initAll()
