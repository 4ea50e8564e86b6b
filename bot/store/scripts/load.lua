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
-- uses unread.lua

local queue, reserved, paused, singly = unpack(KEYS)

local group = ARGV[1]

return {
  string.format('%d', server_ms()),
  redis.call('XLEN', queue),
  id_of(redis.call('XRANGE', queue, '-', '+', 'COUNT', 1)),
  id_of((unread(queue, group, 1))),
  tonumber(redis.call('GET', reserved) or 0),
  redis.call('ZCARD', paused) + redis.call('ZCARD', singly),
}
