-- The arithmetic of `worker/admission/learning.py` and `falling.py`, which explain it, put before the scripts that learn.
--
-- KEYS[1] and ARGV are the script's own and not used here. Lessons travel as a text of 36 numbers, empty if all are 0: for
-- requests, tokens, concurrency and slope each value, top, age in us, hold in us, second, minute, window in seconds; after
-- these 28, which may stand alone, for each of them earlier and agreed.
-- Returns nothing: it defines functions over that list. They touch no key, so they are as atomic as their script.
local REQUESTS, TOKENS, CONCURRENCY, SLOPE = 0, 7, 14, 21
local VALUE, TOP, AGE, HOLD, SECOND, MINUTE, WINDOW = 1, 2, 3, 4, 5, 6, 7
local GROWTH_US, RETURN_US, FORGOTTEN_US = 25000000, 5000000, 60000000
local FIRST_HOLD_US, MINUTE_HOLD_US, BRIEF_HOLD_US, MOST_HOLDS = 15000000, 30000000, 3000000, 8
local SECOND_STRIDE_US, BEND = 2000000, 0.02
local TELLING, MINUTE_TELLING, SLIGHTLY, CAUTION, LEAST_HELD, PROVEN = 0.97, 0.9, 0.97, 0.99, 0.94, 3
local AGREED, NEAR_AGREED, SETTLED = 2, 4, 32
local SAME, SAME_CALLS, SAME_COUNT, SAME_MINUTE = 0.05, 1.25, 0.02, 0.01
local UNANSWERED_MINUTE, UNANSWERED_SAME, UNANSWERED, DRAINED = 1, 2, 3, 6
local FEWEST, LEAST_SHARE = 3, 0.5
local FIRST_SLOPE, LEAST_SLOPE, STEEPEST_SLOPE, SLOPE_HOLD_US = 2, 1.1, 4, 60000000

local function read_lessons(text)
  local l = {}
  for number in string.gmatch(text, '%S+') do l[#l + 1] = tonumber(number) end
  for i = #l + 1, 36 do l[i] = 0 end
  return l
end

local function write_lessons(l)
  if l[VALUE] + l[TOKENS + VALUE] + l[CONCURRENCY + VALUE] + l[SLOPE + VALUE] == 0 then return '' end
  local text = {}
  for i = 1, 36 do text[i] = string.format('%.17g', l[i]) end
  return table.concat(text, ' ')
end

-- Where a dimension's further figures stand: earlier, agreed.
local function further(at) return 29 + 2 * at / 7, 30 + 2 * at / 7 end

local function put(l, at, ...)
  local given = { ... }
  for i = 1, 7 do l[at + i] = given[i] or 0 end
  local earlier, agreed = further(at)
  l[earlier], l[agreed] = given[8] or 0, given[9] or 0
end

local function first_hold(window) return window == 60 and MINUTE_HOLD_US or FIRST_HOLD_US end

local function grow(l, at, elapsed, ceiling, start)
  local value = l[at + VALUE]
  if value == 0 then
    if ceiling > 0 or start == 0 then return end
    value = start
  end
  if ceiling > 0 and value > ceiling then return end -- set meanwhile: what was learned holds again when that is gone
  if l[at + TOP] == 0 then
    value = value * (1 + elapsed / GROWTH_US)
    l[at + VALUE] = ceiling > 0 and math.min(value, ceiling) or value
    return
  end
  local age, top, hold, window, EARLIER = l[at + AGE] + elapsed, l[at + TOP], l[at + HOLD], l[at + WINDOW], further(at)
  local earlier = l[EARLIER]
  if age > hold then
    top = math.min(top, value)
    local beyond = (age - hold) / (window == 1 and SECOND_STRIDE_US or first_hold(window))
    local curve = top * (1 + BEND * beyond * beyond * beyond)
    local fastest = value < earlier and RETURN_US or GROWTH_US
    value = math.max(value, math.min(value * (1 + elapsed / fastest), curve))
    if earlier > 0 and earlier <= value then
      value, top, age, earlier, hold = earlier, earlier, 0, 0, first_hold(window)
    end
  end
  if ceiling > 0 and value >= ceiling then
    if age >= hold + FORGOTTEN_US then return put(l, at) end
    value = ceiling
  end
  l[at + VALUE], l[at + TOP], l[at + AGE], l[at + HOLD], l[EARLIER] = value, top, age, hold, earlier
end

local function same_second(l, at, calls, second)
  local apart = math.abs(second - l[at + SECOND])
  return apart <= SAME_COUNT * second or apart * calls <= SAME_CALLS * second
end

local function same_minute(l, at, minute)
  return math.abs(minute - l[at + MINUTE]) <= SAME_MINUTE * math.max(l[at + MINUTE], minute)
end

-- The window that a refusal speaks of, and what it lets through in a minute.
local function observed(l, at, calls, second, minute, again)
  local believed
  if l[at + TOP] == 0 then believed = 60 * second >= minute
  elseif l[at + WINDOW] == 60 then believed = same_second(l, at, calls, second) and not same_minute(l, at, minute)
  else believed = again == 0 or not same_minute(l, at, minute) end
  if believed and calls >= FEWEST and second > 0 then return 1, 60 * second end
  return 60, minute
end

local function near_to(limit, calls, window, seen)
  if window == 1 then return seen * (1 + 1 / calls) >= TELLING * limit end
  return seen >= MINUTE_TELLING * limit
end

local function least(limit, evidence)
  if evidence < FEWEST then return math.max(1, LEAST_SHARE * limit) end
  return 1
end

-- The first refusal of all.
local function found(l, at, calls, second, minute, limit, window, seen)
  local value, earlier, agreed = seen, 0, AGREED
  if limit == 0 and seen <= 0 then return end
  if limit > 0 then
    if near_to(limit, calls, window, seen) then value = SLIGHTLY * limit
    elseif window == 1 and minute > PROVEN * second then value, agreed = limit, 0
    elseif window == 1 then value, earlier = CAUTION * seen, limit end
  end
  local lowest = least(limit, calls)
  if value < lowest then value, earlier, window = lowest, limit, 1 end
  put(l, at, value, value, 0, first_hold(window), second, minute, window, earlier, agreed)
end

local function fallen(l, at, value, earlier, agreed, second, minute, window)
  if agreed >= SETTLED then earlier = 0 end
  local first = earlier > value and BRIEF_HOLD_US or first_hold(window)
  local hold = first
  if math.abs(value - l[at + TOP]) <= SAME * l[at + TOP] then
    hold = l[at + HOLD]
    if l[at + AGE] >= hold then hold = math.min(2 * hold, MOST_HOLDS * first) end
  end
  put(l, at, value, value, 0, hold, second, minute, window, earlier, math.max(agreed, AGREED))
end

local function fall(l, at, calls, second, minute, told, again)
  local limit = l[at + VALUE] > 0 and l[at + VALUE] or told
  local window, seen = observed(l, at, calls, second, minute, again)
  if l[at + VALUE] == 0 or l[at + TOP] == 0 then return found(l, at, calls, second, minute, limit, window, seen) end
  local EARLIER, COUNT = further(at)
  local by_minute, held = l[at + WINDOW] == 60, l[at + AGE] < l[at + HOLD]
  local enough = by_minute and UNANSWERED_MINUTE or same_minute(l, at, minute) and UNANSWERED_SAME or UNANSWERED
  local unanswered, same = again >= enough, nil
  if window == 1 then same = same_second(l, at, calls, second) else same = by_minute and same_minute(l, at, minute) end
  local agreed, before = same and l[COUNT] + 1 or 0, l[at + SECOND]
  local probed = agreed > AGREED and not held and near_to(l[at + TOP], calls, window, seen)
  local at_limit = near_to(limit, calls, window, seen)
  local near = probed or at_limit
  l[at + SECOND], l[at + MINUTE], l[COUNT] = second, minute, agreed
  local other_window = window == 60 and l[at + WINDOW] == 1
  local doubtful = other_window or ((not near or limit < l[EARLIER]) and agreed < AGREED)
  local unmeasured = (doubtful and not unanswered) or again >= DRAINED
  if unmeasured or (near and again > 0 and (window == 1 or seen >= limit)) then return end
  if not near then
    if window == 1 and agreed > 0 then seen = math.min(seen, 60 * before) end
    local earlier = window == 1 and math.max(l[EARLIER], limit) or 0
    return fallen(l, at, math.max(seen, least(limit, calls)), earlier, agreed, second, minute, window)
  end
  local slightly = math.max(1, window == 60 and seen < limit and seen or SLIGHTLY * limit)
  if not held then
    local back = math.min(l[at + TOP], limit)
    return fallen(l, at, at_limit and math.max(slightly, back) or back, l[EARLIER], agreed, second, minute, window)
  end
  if window == 1 and agreed < NEAR_AGREED then return end
  local lowest = math.min(LEAST_HELD, calls / (calls + 1)) * l[at + TOP]
  l[at + VALUE] = math.min(limit, math.max(slightly, lowest))
end

local function press(l, at, calls, second, minute)
  local seen = l[at + WINDOW] == 1 and 60 * second or minute
  if l[at + AGE] == 0 and calls >= FEWEST and seen > 0 and seen < l[at + VALUE] then
    l[at + VALUE] = math.max(seen, 1)
    l[at + TOP] = l[at + VALUE]
  end
end

local function at_once_hold(l, at, value, again)
  if again > 0 then return math.max(l[at + HOLD], FIRST_HOLD_US) end
  local same = math.abs(value - l[at + TOP]) <= SAME * l[at + TOP]
  if same and l[at + AGE] >= l[at + HOLD] then return math.min(2 * l[at + HOLD], MOST_HOLDS * FIRST_HOLD_US) end
  return FIRST_HOLD_US
end

local function fall_at_once(l, in_flight, told, again)
  local at = CONCURRENCY
  local limit = l[at + VALUE] > 0 and l[at + VALUE] or told
  local value
  if l[at + TOP] > 0 and again > 0 and in_flight < FEWEST then return end
  if in_flight >= 1 and (limit == 0 or in_flight < limit) then value = in_flight
  elseif limit == 0 then return
  else value = again > 0 and limit or limit - 1 end
  value = math.max(value, least(limit, in_flight))
  put(l, at, value, value, 0, at_once_hold(l, at, value, again))
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
