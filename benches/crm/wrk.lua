-- Posts the bodies of a file, one a line, again and again, and counts what is no good answer.
-- Arguments: the file, the token, and the code that each answer must have if all must be refused, or
-- "gzip" if all must be compressed.

local threads = {}
local requests = {}
local at = 0
local count = 0

local refused_with = nil
local is_compressed = false
failed = 0
said = ""

-- Six digits that stand for a value which is another one in each request.
local COUNTER = "@COUNT"

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   local headers = { ["Content-Type"] = "application/json" }
   if args[3] == "gzip" then
      is_compressed = true
      headers["Accept-Encoding"] = "gzip"
   elseif args[3] and args[3] ~= "" then
      refused_with = '"' .. args[3] .. '"'
   end
   if args[2] and args[2] ~= "" then
      headers["Authorization"] = "Bearer " .. args[2]
   end
   for line in io.lines(args[1]) do
      local request = wrk.format("POST", nil, headers, line)
      local from, to = string.find(request, COUNTER, 1, true)
      if from then
         request = { string.sub(request, 1, from - 1), string.sub(request, to + 1) }
      end
      requests[#requests + 1] = request
   end
end

function request()
   at = at % #requests + 1
   local request = requests[at]
   if type(request) == "string" then
      return request
   end
   count = count + 1
   return request[1] .. string.format("%06d", count % 1000000) .. request[2]
end

function response(status, headers, body)
   local is_good
   if refused_with then
      is_good = status < 500 and string.find(body, refused_with, 1, true)
   elseif is_compressed then
      is_good = status == 200 and headers["content-encoding"] == "gzip"
   else
      is_good = status == 200 and not string.find(body, '"errors"', 1, true)
   end
   if not is_good then
      failed = failed + 1
      said = string.sub(body, 1, 300)
   end
end

function done(summary, latency, requests)
   local bad, last = 0, ""
   for _, thread in ipairs(threads) do
      bad = bad + thread:get("failed")
      local text = thread:get("said")
      if text ~= "" then
         last = text
      end
   end
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   io.write(string.format("\nMEASURED %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(95), latency:percentile(99), bad, broken))
   io.write("SAID ", (string.gsub(last, "%s+", " ")), "\n")
end
