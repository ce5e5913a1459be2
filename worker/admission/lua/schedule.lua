-- How a budget's schedule takes what is out of the ordinary, put before the scripts that ask.
--
-- KEYS[1] and ARGV are the script's own and not used here. `s` is the budget's state, its times in us of the Redis clock.
-- Returns nothing: it defines functions over that state. The keys touched are handed to them, so they are as atomic as
-- their script.
local UNUSED_MS = 86400000 -- a budget no longer used leaves nothing behind, nor do its last workers if they are killed
local TIMES = { 'requests_at', 'tokens_at', 'gate_until', 'closed_at', 'moment_at', 'deferred_at', 'interactive_at', 'quiet_until' }

-- The clock of Redis was set back, by a person or by a failover: what lay ahead lies as far ahead of the new time, or the
-- budget would stand still for the difference. A worker that is dead by now keeps its places for one lease, as ever. Says
-- whether it was: then what went out lately is to be forgotten.
local function set_back(s, now, alive, turns, lease)
  local by = s.seen_at - now
  if by <= 0 then return false end
  for _, name in ipairs(TIMES) do
    if s[name] > 0 then s[name] = math.max(0, s[name] - by) end
  end
  s.seen_at = now
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', alive, string.format('(%.0f', now + lease), '+inf')) do
    redis.call('ZADD', alive, now + lease, worker)
  end
  for _, turn in ipairs(turns) do -- or whoever waits would come after all who join from now on, until the clock is there again
    for _, worker in ipairs(redis.call('ZRANGE', turn, 0, -1)) do redis.call('ZINCRBY', turn, string.format('%.0f', -by), worker) end
  end
  return true
end

-- Other limits than the last: what is still to be waited for, after the calls granted already, shrinks or grows with
-- them, so that they hold at once.
local function rescaled(s, now, at, was, is)
  local from = math.max(now, s.gate_until, s.moment_at)
  if was > 0 and is > 0 and at > from then return from + (at - from) * is / was end
  return at
end

-- A call given back frees its moment if it is the newest. Were it another, the next call would share the newest's.
local function free_newest(s, moment, interval)
  if math.abs(moment - s.moment_at) < 2 then -- it was told in whole us
    s.requests_at, s.moment_at = s.requests_at - interval, s.moment_at - interval
  end
end
