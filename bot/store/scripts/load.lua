-- How much there is to do, by the server's clock.
--
-- KEYS  1 queue    stream of job ids
--       2 reserved how many tokens all jobs have reserved
--       3 paused, 4 singly  sorted sets of jobs that rest
-- ARGV  1 group    of the stream
-- returns {Unix time in ms, entries in the queue, the id of the oldest or "", that of the oldest that
--         no worker has read or "", tokens reserved, jobs that rest}
--
-- uses clock.lua

local queue, reserved, paused, singly = unpack(KEYS)

local group = ARGV[1]

local function id_from(start)
  local found = redis.call('XRANGE', queue, start, '+', 'COUNT', 1)[1]
  return found and found[1] or ''
end

-- Where those begin that nobody has read.
local function unread()
  local groups = redis.pcall('XINFO', 'GROUPS', queue)
  for _, flat in ipairs(groups.err and {} or groups) do
    local found = {}
    for i = 1, #flat, 2 do
      found[flat[i]] = flat[i + 1]
    end
    if found['name'] == group then
      return '(' .. found['last-delivered-id']
    end
  end
  return '-'
end

return {
  string.format('%d', server_ms()),
  redis.call('XLEN', queue),
  id_from('-'),
  id_from(unread()),
  tonumber(redis.call('GET', reserved) or 0),
  redis.call('ZCARD', paused) + redis.call('ZCARD', singly),
}
