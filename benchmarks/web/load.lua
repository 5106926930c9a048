-- What wrk sends. Reading: every request the next line of a file, "path token". Writing: each thread has one
-- connection and one target of its own, line "path token etag", and sends with each request the ETag of the last answer.

local threads = 0
local lines = {}
local at = 0
local sent = 0
local etag

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  for line in io.lines(args[2]) do
    local path, token, tag = line:match("^(%S+) (%S+) ?(.*)$")
    table.insert(lines, { path = path, token = token, etag = tag })
  end
  writes = args[1] == "write"
  at = (number * 37) % #lines
  if writes then
    mine = lines[number]
    etag = mine.etag
  else
    for _, line in ipairs(lines) do
      line.request = wrk.format("GET", line.path, { Authorization = "Bearer " .. line.token })
    end
  end
end

function request()
  if not writes then
    at = at % #lines + 1
    return lines[at].request
  end
  sent = sent + 1
  local body = string.format('{"outcome": "partly", "outcome_why": "Step %d: two of three books are read."}', sent)
  local headers = {
    Authorization = "Bearer " .. mine.token, ["Content-Type"] = "application/json", ["If-Match"] = etag,
  }
  return wrk.format("PUT", mine.path, headers, body)
end

-- Asked for by wrk only where it is defined, and it costs time: reading does without.
if os.getenv("BENCH_WRITES") then
  function response(status, headers, body)
    if status == 200 then
      etag = headers["ETag"] or headers["etag"]
    end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format("FOUND %d %d %d %.3f %.3f", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
