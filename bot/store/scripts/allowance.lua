-- So many of something in any window: a sorted set of what was taken, by server time in ms. No script
-- of its own: it stands before those that say they use it.
--
-- uses clock.lua

-- Take one by `name` of the `most` in any `window` (ms); asking again by it is harmless. 0, or how
-- many ms to wait for one. With `rest` (ms) nothing is taken for so long.
local function take_of(log, name, most, window, rest)
  if redis.call('ZSCORE', log, name) then
    return 0
  end
  local now = server_ms()
  local wait = math.max(rest or 0, 0)
  redis.call('ZREMRANGEBYSCORE', log, '-inf', now - window)
  local used = redis.call('ZCARD', log)
  if used >= most then
    local leaves = redis.call('ZRANGE', log, used - most, used - most, 'WITHSCORES')[2]
    wait = math.max(wait, leaves + window - now)
  end
  if wait > 0 then
    return wait
  end
  redis.call('ZADD', log, now, name)
  redis.call('PEXPIRE', log, window)
  return 0
end
