-- Forget consumers of processes that are long gone.
--
-- KEYS  1 queue    stream of job ids
-- ARGV  1 group    of the stream
--       2 idle     milliseconds after which a consumer that holds nothing counts as gone
-- returns how many were forgotten
--
-- A consumer that still holds an entry stays: deleting it would lose the entry.

local queue, group, idle = KEYS[1], ARGV[1], tonumber(ARGV[2])

local consumers = redis.pcall('XINFO', 'CONSUMERS', queue, group)
if consumers.err then
  return 0 -- nobody has read yet
end

local forgotten = 0
for _, fields in ipairs(consumers) do
  local consumer = {}
  for i = 1, #fields, 2 do
    consumer[fields[i]] = fields[i + 1]
  end
  if consumer['pending'] == 0 and consumer['idle'] > idle then
    redis.call('XGROUP', 'DELCONSUMER', queue, group, consumer['name'])
    forgotten = forgotten + 1
  end
end
return forgotten
