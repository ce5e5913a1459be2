-- How the waiting workers of one lane take turns, put before the scripts that ask.
--
-- KEYS[1] and ARGV are the script's own and not used here. `turn` is a sorted set: workers by when they were last served
-- there, or joined, in us of the Redis clock. Returns nothing: it defines functions over the set that they are handed, so
-- they are as atomic as their script.
local MOST_CALLED = 16 -- workers, one of whom must be alive

-- Whether somebody else stands first, and was last served before `since`.
local function passed_over(turn, me, since)
  local head = redis.call('ZRANGE', turn, 0, 0, 'WITHSCORES')
  return head[1] and head[1] ~= me and tonumber(head[2]) < since
end

-- Whoever stands first did not come: it goes to the end. Returns 0: nothing is kept for it any more.
local function excuse_first(turn, me, now)
  local head = redis.call('ZRANGE', turn, 0, 0)[1]
  if head and head ~= me then redis.call('ZADD', turn, now, head) end
  return 0
end

-- Let a worker join, at the end, or go there when it was served, or leave when none of its calls waits. Says whether it is
-- new.
local function join_or_leave(turn, me, now, left, granted, registered)
  if left > 0 and granted > 0 then return redis.call('ZADD', turn, now, me) == 1 end
  if left > 0 then return redis.call('ZADD', turn, 'NX', now, me) == 1 end
  if registered > 0 then redis.call('ZREM', turn, me) end
  return false
end

-- Call whoever stands first. If nobody heard it is dead, and the others must not wait for it.
local function call_first(turn, me, now, prefix, budget)
  for _ = 1, MOST_CALLED do
    local head = redis.call('ZRANGE', turn, 0, 0)[1]
    if not head or head == me or redis.call('PUBLISH', prefix .. head, budget) > 0 then return end
    redis.call('ZADD', turn, now, head)
  end
end
