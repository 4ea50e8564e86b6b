-- The time by the server's clock. No script of its own: it stands before those that say they use it.

-- Unix time in milliseconds.
local function server_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
