-- Hand back what a consumer has read but does not work on, so that any worker takes it at once.
--
-- KEYS  1 queue    stream of job ids
-- ARGV  1 group    of the stream
--       2 consumer that stops
--       3… entries that it still works on
-- returns how many were handed back
--
-- A consumer that holds nothing any more is forgotten.
--
-- uses news.lua

local queue, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local working = {}
for i = 3, #ARGV do
  working[ARGV[i]] = true
end

local handed_back = 0
local from = '-'
while true do
  local page = redis.pcall('XPENDING', queue, group, from, '+', 100, consumer)
  if page.err then
    return 0 -- nobody has read yet
  end
  for _, pending in ipairs(page) do
    local entry = pending[1]
    if not working[entry] then
      local found = redis.call('XRANGE', queue, entry, entry)
      if #found > 0 then
        local fields = found[1][2]
        if #fields == 2 then
          fields[3], fields[4] = 'since', entry:match('^%d+') -- as in release.lua
        end
        enqueue(queue, unpack(fields))
        handed_back = handed_back + 1
      end
      redis.call('XACK', queue, group, entry)
      redis.call('XDEL', queue, entry)
    end
    from = '(' .. entry
  end
  if #page < 100 then
    break
  end
end
if #ARGV == 2 then
  redis.call('XGROUP', 'DELCONSUMER', queue, group, consumer)
end
return handed_back
