-- What other processes are to look at. No script of its own: it stands before those that say they
-- use it.
--
-- Where several workspaces are served, their keys begin with "grokbot:{shard}:team:" (keys.py), and
-- every process hears on one channel of which there is news. Of what is lost there somebody finds
-- out by `busy`, the set of workspaces of a shard that may have jobs (sweep.lua). Its name follows
-- from that of any other key of the shard, and it lies in the same slot of a Cluster.

local NEWS = 'grokbot:news'

-- Say that there is news of `what` in the workspace of `key`; its shard and team, if it has one.
local function tell(what, key)
  local shard, team = key:match('^(grokbot:{%d+}:)([%w_]+):')
  if shard then
    redis.pcall('PUBLISH', NEWS, what .. ' ' .. team) -- who may not publish is found by `busy`
  end
  return shard, team
end

-- Put an entry of these fields and values into a queue.
local function enqueue(queue, ...)
  redis.call('XADD', queue, '*', ...)
  local shard, team = tell('queue', queue)
  if shard then
    redis.call('SADD', shard .. 'busy', team)
  end
end
