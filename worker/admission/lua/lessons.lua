-- The arithmetic of `worker/admission/learning.py`, which explains it, put before the scripts that learn.
--
-- KEYS[1] and ARGV are the script's own and not used here. Lessons travel as a text of 28 numbers, empty if all are 0: for
-- requests, tokens, concurrency and slope each value, top, age in us, hold in us, second, minute, window in seconds.
-- Returns nothing: it defines functions over that list. They touch no key, so they are as atomic as their script.
local REQUESTS, TOKENS, CONCURRENCY, SLOPE = 0, 7, 14, 21
local VALUE, TOP, AGE, HOLD, SECOND, MINUTE, WINDOW = 1, 2, 3, 4, 5, 6, 7
local GROWTH_US, FIRST_HOLD_US, MINUTE_HOLD_US, MOST_HOLDS, BEND = 25000000, 10000000, 30000000, 8, 0.02
local TELLING, SLIGHTLY, WELL_BELOW, SAME, FEWEST = 0.97, 0.97, 0.9, 0.05, 3
local LEAST_SHARE = 0.5
local FIRST_SLOPE, LEAST_SLOPE, STEEPEST_SLOPE, SLOPE_HOLD_US = 2, 1.1, 4, 60000000

local function read_lessons(text)
  local l = {}
  for number in string.gmatch(text, '%S+') do l[#l + 1] = tonumber(number) end
  if #l == 0 then for i = 1, 28 do l[i] = 0 end end
  return l
end

local function write_lessons(l)
  if l[VALUE] + l[TOKENS + VALUE] + l[CONCURRENCY + VALUE] + l[SLOPE + VALUE] == 0 then return '' end
  local text = {}
  for i = 1, 28 do text[i] = string.format('%.17g', l[i]) end
  return table.concat(text, ' ')
end

local function put(l, at, ...)
  local given = { ... }
  for i = 1, 7 do l[at + i] = given[i] or 0 end
end

local function grow(l, at, elapsed, ceiling, start)
  local value, age = l[at + VALUE], l[at + AGE]
  if value == 0 then
    if ceiling > 0 or start == 0 then return end
    value = start
  end
  local faster = value * (1 + elapsed / GROWTH_US)
  if l[at + TOP] == 0 then
    value = faster
  else
    age = age + elapsed
    local beyond = (age - l[at + HOLD]) / (l[at + WINDOW] == 60 and MINUTE_HOLD_US or FIRST_HOLD_US)
    if beyond > 0 then value = math.max(value, math.min(faster, l[at + TOP] * (1 + BEND * beyond * beyond * beyond))) end
  end
  if ceiling > 0 and value >= ceiling then return put(l, at) end
  l[at + VALUE], l[at + AGE] = value, age
end

local function hold(l, at, value, first, again)
  if again then return math.max(l[at + HOLD], first) end
  local same = math.abs(value - l[at + TOP]) <= SAME * l[at + TOP]
  if same and l[at + AGE] >= l[at + HOLD] then return math.min(2 * l[at + HOLD], MOST_HOLDS * first) end
  return first
end

local function apart(one, other) return math.max(one, other) / math.max(math.min(one, other), 1) end

local function observed(l, at, calls, second, minute)
  if calls < FEWEST or second <= 0 then return 60, minute end
  local believed = 60 * second >= minute
  if l[at + WINDOW] > 0 then believed = apart(second, l[at + SECOND]) <= apart(minute, l[at + MINUTE]) end
  if believed then return 1, 60 * second end
  return 60, minute
end

local function least(limit, evidence)
  if evidence < FEWEST then return math.max(1, LEAST_SHARE * limit) end
  return 1
end

local function fall(l, at, calls, second, minute, told, again)
  local window, seen = observed(l, at, calls, second, minute)
  local limit = l[at + VALUE] > 0 and l[at + VALUE] or told
  local value
  local low, enough = seen, limit
  if window == 1 then low, enough = seen * (1 + 1 / calls), TELLING * limit end
  if seen > 0 and (limit == 0 or low < enough) then value = seen
  elseif limit == 0 then return
  elseif again then value = limit
  elseif window == 1 and l[at + TOP] > 0 and l[at + AGE] < l[at + HOLD] / 2 then value = WELL_BELOW * limit
  else value = SLIGHTLY * limit end
  value = math.max(value, least(limit, calls))
  local first = window == 60 and MINUTE_HOLD_US or FIRST_HOLD_US
  put(l, at, value, value, 0, hold(l, at, value, first, again), second, minute, window)
end

local function press(l, at, calls, second, minute)
  local seen = l[at + WINDOW] == 1 and 60 * second or minute
  if calls >= FEWEST and seen > 0 and seen < l[at + VALUE] then
    l[at + VALUE] = math.max(seen, 1)
    l[at + TOP] = l[at + VALUE]
  end
end

local function fall_at_once(l, in_flight, told, again)
  local at = CONCURRENCY
  local limit = l[at + VALUE] > 0 and l[at + VALUE] or told
  local value
  if in_flight >= 1 and (limit == 0 or in_flight < limit) then value = in_flight
  elseif limit == 0 then return
  else value = again and limit or limit - 1 end
  value = math.max(value, least(limit, in_flight))
  put(l, at, value, value, 0, hold(l, at, value, FIRST_HOLD_US, again))
end

local function press_at_once(l, in_flight)
  if in_flight >= FEWEST and in_flight < l[CONCURRENCY + VALUE] then
    l[CONCURRENCY + VALUE], l[CONCURRENCY + TOP] = in_flight, in_flight
  end
end

local function flatten(l)
  local value = l[SLOPE + VALUE]
  put(l, SLOPE, value == 0 and FIRST_SLOPE or math.max(1 + (value - 1) / 2, LEAST_SLOPE))
end

local function steepen(l, elapsed)
  if l[SLOPE + VALUE] == 0 then return end
  l[SLOPE + AGE] = l[SLOPE + AGE] + elapsed
  if l[SLOPE + AGE] < SLOPE_HOLD_US then return end
  local value = 1 + 2 * (l[SLOPE + VALUE] - 1)
  if value > STEEPEST_SLOPE then put(l, SLOPE) else put(l, SLOPE, value) end
end
