// The chat page: a person's Telegram, over the sandbox's control API. `state` holds what is shown;
// events from the server change it; each change redraws only its own part.

import { T, language } from "./texts.js";
import { fileCard, make, picture, renderRich, renderText, safeAddress } from "./render.js";

const $ = (id) => document.getElementById(id);
const HISTORY = 100;
const BOTTOM_PIXELS = 120;
const TYPING_MILLISECONDS = 5000;
const TOAST_MILLISECONDS = 3500;
const COLOURS = 7;

const state = {
  bot: null,
  chats: new Map(),
  current: null,
  topic: null,
  messages: new Map(),
  replyTo: null,
  unread: new Map(),
  actors: new Map(),
  violations: [],
  previews: new Map(),
  inline: { timer: 0, asked: "" },
  typing: 0,
  loading: 0,
  held: [],
};

// Talking to the sandbox

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(`/control${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Do something that may be refused; a refusal is shown as a toast. */
async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message);
    return null;
  }
}

function listen() {
  const source = new EventSource("/control/events");
  source.onopen = () => {
    $("offline").hidden = true;
    load(reload);
  };
  source.onerror = () => {
    $("offline").hidden = false;
  };
  source.onmessage = (message) => handle(JSON.parse(message.data));
}

/** Ask for a state of things and show it; what happens meanwhile may not be in it and comes after. */
async function load(work) {
  state.loading += 1;
  try {
    await work();
  } finally {
    state.loading -= 1;
    if (state.loading === 0) state.held.splice(0).forEach(handle);
  }
}

function handle(event) {
  if (state.loading) {
    state.held.push(event);
    return;
  }
  switch (event.kind) {
    case "message":
    case "edit":
      keepInList(event.chat_id, event.message, event.kind === "message");
      if (event.chat_id === state.current) showMessage(event.message, event.kind === "edit");
      break;
    case "delete":
      if (event.chat_id === state.current) forgetMessage(event.message_id);
      break;
    case "chat":
      refreshSoon(event.chat_id);
      break;
    case "commands":
      if (!$("menu").hidden) openMenu();
      break;
    case "action":
      if (event.chat_id === state.current) showTyping();
      break;
    case "violation":
      if (state.violations.some((known) => known.at === event.violation.at)) break;
      state.violations.push(event.violation);
      drawViolations();
      break;
    case "reload":
      load(reload);
      break;
  }
}

async function reload() {
  const [me, chats, violations] = await Promise.all([
    ask("/me"),
    ask("/chats"),
    ask("/violations"),
  ]);
  state.bot = me.bot;
  state.chats = new Map(chats.map((chat) => [chat.id, chat]));
  state.violations = violations;
  drawViolations();
  drawChats();
  const wanted = Number(location.hash.slice(1));
  const wide = matchMedia("(min-width: 700px)").matches;
  if (state.current !== null && state.chats.has(state.current)) await openChat(state.current, true);
  else if (state.chats.has(wanted)) await openChat(wanted);
  else if (chats.length && (wide || chats.length === 1)) await openChat(chats[0].id);
  else drawNothing();
}

/** Chats come by the thousand when a test makes them: ask for many at once. */
const stale = new Set();
let staleTimer = 0;
function refreshSoon(id) {
  stale.add(id);
  if (staleTimer) return;
  staleTimer = setTimeout(() => {
    staleTimer = 0;
    const ids = [...stale];
    stale.clear();
    if (ids.length > 10) load(reload);
    else ids.forEach(refreshChat);
  }, 30);
}

async function refreshChat(id) {
  const chat = await attempt(() => ask(`/chats/${id}`));
  if (!chat) return;
  state.chats.set(id, chat);
  drawChats();
  if (id === state.current) drawHead();
  else if (state.current === null && state.chats.size === 1) openChat(id);
}

// The list of chats

function keepInList(id, message, isNew) {
  const chat = state.chats.get(id);
  if (!chat) {
    refreshSoon(id);
    return;
  }
  // Whoever writes to the bot has started it, from this page or another.
  if (chat.bot_status === "none") refreshSoon(id);
  if (isNew) {
    chat.last = snippet(message);
    chat.last_date = message.date;
    chat.version = message.version;
    if (id !== state.current && message.from_bot) {
      state.unread.set(id, (state.unread.get(id) ?? 0) + 1);
    }
  }
  drawChats();
}

let listTimer = 0;
function drawChats() {
  // A broadcast to thousands of chats must not redraw the list thousands of times.
  if (listTimer) return;
  listTimer = requestAnimationFrame(() => {
    listTimer = 0;
    const chats = [...state.chats.values()].sort((a, b) => b.version - a.version).slice(0, 300);
    $("chats").replaceChildren(...chats.map(chatRow));
  });
}

function chatRow(chat) {
  const unread = state.unread.get(chat.id);
  const button = make(
    "button",
    chat.id === state.current ? "row current" : "row",
    face(chat),
    make(
      "span",
      "row-words",
      make("span", "row-title", make("b", "", chat.title), make("time", "", shortTime(chat.last_date))),
      make(
        "span",
        "row-last",
        make("span", "", chat.last || T.kinds[chat.kind]),
        unread ? make("span", "badge", String(unread)) : null,
      ),
    ),
  );
  button.type = "button";
  button.addEventListener("click", () => openChat(chat.id));
  return make("li", "", button);
}

function face(chat) {
  const colour = Math.abs(chat.id) % COLOURS;
  return make("span", `face colour-${colour}`, [...chat.title][0] ?? "?");
}

function drawNothing() {
  const nobody = state.chats.size === 0;
  $("app").classList.toggle("open", nobody);
  $("composer").hidden = true;
  $("chat-title").textContent = "";
  $("chat-status").textContent = "";
  $("chat-face").className = "face none";
  $("block").hidden = true;
  const begin = make("button", "pill strong", T.begin);
  begin.type = "button";
  begin.addEventListener("click", () => createPerson(T.defaultName, language));
  $("log").replaceChildren(
    make("div", "empty", make("p", "", nobody ? T.empty : T.choose), nobody ? begin : null),
  );
}

async function createPerson(name, code) {
  const person = await attempt(() => ask("/users", { first_name: name, language_code: code }));
  if (!person) return;
  state.chats.set(person.id, await ask(`/chats/${person.id}`));
  await openChat(person.id);
}

// One chat

async function openChat(id, stay = false) {
  const changed = id !== state.current;
  state.current = id;
  if (changed) {
    state.topic = null;
    cancelReply();
    closeMenu();
  }
  history.replaceState(null, "", `#${id}`);
  state.unread.delete(id);
  if (!stay) $("app").classList.add("open");
  await load(async () => {
    const messages = await attempt(() => ask(`/chats/${id}/messages?limit=${HISTORY}`));
    if (!messages || state.current !== id) return;
    state.messages = new Map(messages.map((message) => [message.id, message]));
    drawHead();
    drawLog(messages.length === HISTORY);
    drawChats();
  });
}

function drawHead() {
  const chat = state.chats.get(state.current);
  const blocked = chat.bot_status === "kicked";
  $("composer").hidden = false;
  $("chat-title").textContent = chat.title;
  const fresh = face(chat);
  $("chat-face").className = fresh.className;
  $("chat-face").textContent = fresh.textContent;
  drawStatus();
  $("block").hidden = chat.kind !== "private" || chat.bot_status === "none";
  $("block").textContent = blocked ? T.unblock : T.block;
  const idle = chat.kind === "private" && chat.bot_status !== "member";
  $("start").hidden = !idle;
  $("start").textContent = blocked ? T.unblock : T.start;
  $("form").hidden = idle;
  drawTopics(chat);
  drawActor(chat);
  grow();
}

function drawStatus() {
  const chat = state.chats.get(state.current);
  if (!chat) return;
  let words = `${T.kinds[chat.kind]} · @${state.bot.username}`;
  if (chat.kind !== "private") words = `${T.kinds[chat.kind]} · ${T.members(Object.keys(chat.members).length + 1)}`;
  if (chat.bot_status === "kicked") words = T.blocked;
  if (Date.now() < state.typing) words = `${state.bot.first_name} ${T.typing}`;
  $("chat-status").textContent = words;
}

function showTyping() {
  state.typing = Date.now() + TYPING_MILLISECONDS;
  drawStatus();
  setTimeout(drawStatus, TYPING_MILLISECONDS + 50);
}

function drawTopics(chat) {
  const chip = (id, name) => {
    const button = make("button", state.topic === id ? "chip current" : "chip", name);
    button.type = "button";
    button.addEventListener("click", () => {
      state.topic = id;
      drawTopics(chat);
      drawLog(false);
    });
    return button;
  };
  $("topics").hidden = chat.topics.length === 0;
  $("topics").replaceChildren(
    chip(null, T.allTopics),
    ...chat.topics.map((topic) => chip(topic.id, topic.closed ? `🔒 ${topic.name}` : topic.name)),
  );
}

const isShown = (message) =>
  (state.topic === null || message.message_thread_id === state.topic) &&
  (message.alone === undefined || message.alone === somebody());

/** In a group: who of its members sits at this page. */
function drawActor(chat) {
  const members = chat.kind === "private" ? [] : Object.keys(chat.members).map(Number);
  $("actor").hidden = members.length < 2;
  $("actor").ariaLabel = T.actor;
  $("actor").replaceChildren(
    ...members.map((id) => {
      const option = make("option", "", nameOf(id));
      option.value = String(id);
      option.selected = id === somebody();
      return option;
    }),
  );
}

const nameOf = (id) => state.chats.get(id)?.title ?? String(id);

function drawLog(more) {
  const log = $("log");
  const shown = [...state.messages.values()].filter(isShown);
  log.replaceChildren();
  if (more) log.append(earlierButton());
  let day = "";
  for (const message of shown) {
    day = appendDay(log, message, day);
    log.append(messageRow(message));
  }
  log.scrollTop = log.scrollHeight;
  drawReplyKeyboard();
}

function earlierButton() {
  const button = make("button", "pill earlier", T.earlier);
  button.type = "button";
  button.addEventListener("click", async () => {
    const first = Math.min(...state.messages.keys());
    const path = `/chats/${state.current}/messages?limit=${HISTORY}&before=${first}`;
    const older = await attempt(() => ask(path));
    if (!older) return;
    state.messages = new Map([...older.map((message) => [message.id, message]), ...state.messages]);
    drawLog(older.length === HISTORY);
    document.querySelector(`[data-id="${first}"]`)?.scrollIntoView();
  });
  return button;
}

function appendDay(log, message, previous) {
  const name = dayName(message.date);
  if (name !== previous) {
    const mark = make("div", "day", name);
    mark.dataset.day = name;
    log.append(mark);
  }
  return name;
}

function showMessage(message, edited) {
  const log = $("log");
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < BOTTOM_PIXELS;
  state.messages.set(message.id, message);
  if (message.from_bot) state.typing = 0;
  drawStatus();
  const old = log.querySelector(`[data-id="${message.id}"]`);
  if (old) old.replaceWith(messageRow(message));
  else if (edited || !isShown(message)) return;
  else {
    const days = log.querySelectorAll("[data-day]");
    appendDay(log, message, days.length ? days[days.length - 1].dataset.day : "");
    const row = messageRow(message);
    row.classList.add("fresh");
    log.append(row);
  }
  if (low || !message.from_bot) log.scrollTop = log.scrollHeight;
  drawReplyKeyboard();
}

function forgetMessage(id) {
  state.messages.delete(id);
  const row = $("log").querySelector(`[data-id="${id}"]`);
  if (!row) return;
  row.classList.add("leaving");
  setTimeout(() => row.remove(), 250);
}

function messageRow(message) {
  if (message.kind === "service") return serviceRow(message);
  const bubble = make("article", `bubble kind-${message.kind}`);
  const chat = state.chats.get(message.chat_id);
  if (chat.kind !== "private") bubble.append(make("b", "sender", senderName(message)));
  if (message.via_bot) bubble.append(make("span", "via", T.via(message.via_bot.username)));
  if (message.alone) bubble.append(make("span", "via", T.alone(nameOf(message.alone))));
  if (message.reply_to) bubble.append(replyQuote(message.reply_to));
  const act = actions(message);
  const above = message.link_preview_options?.show_above_text;
  if (above) bubble.append(previewCard(message, act) ?? "");
  if (message.photo) bubble.append(picture(message.photo));
  if (message.document) bubble.append(fileCard(message.document));
  if (message.rich) bubble.append(renderRich(message.rich, act));
  else if (message.text) bubble.append(renderText(message.text, message.entities, act));
  if (!above) bubble.append(previewCard(message, act) ?? "");
  bubble.append(stamp(message));
  const row = make("div", message.from_bot ? "message in" : "message out", bubble);
  if (message.alone) row.classList.add("alone");
  if (message.keyboard) {
    row.classList.add("keyed");
    row.append(keyboard(message.keyboard, act));
  }
  bubble.append(replyButton(message));
  bubble.addEventListener("dblclick", () => startReply(message));
  row.dataset.id = message.id;
  requestAnimationFrame(() => unfoldShortQuotes(row));
  return row;
}

/** A quote that fits its fold needs no button to open it. */
function unfoldShortQuotes(row) {
  for (const quote of row.querySelectorAll("blockquote.expandable")) {
    const content = quote.querySelector(".quote-content");
    if (content.scrollHeight > content.clientHeight + 2) continue;
    quote.classList.remove("folded");
    quote.querySelector(".quote-toggle").hidden = true;
  }
}

function serviceRow(message) {
  const [kind, value] = Object.entries(message.service ?? {})[0] ?? ["", ""];
  const name = kind.startsWith("forum_topic") && value.name ? `: ${value.name}` : "";
  const row = make("div", "day", (T.service[kind] ?? kind) + name);
  row.dataset.id = message.id;
  return row;
}

function senderName(message) {
  return message.from.title ?? message.from.first_name;
}

function stamp(message) {
  const moment = new Date(message.date * 1000);
  const time = new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(moment);
  const element = make("time", "stamp", message.edited ? `${T.edited} ${time}` : time);
  element.dateTime = moment.toISOString();
  element.title = moment.toLocaleString(language);
  return element;
}

function snippet(message) {
  return (message.text || (message.photo ? T.photo : message.document ? T.document : "")).slice(0, 80);
}

function replyQuote(id) {
  const target = state.messages.get(id);
  const quote = make(
    "button",
    "reply-quote",
    make("b", "", target ? senderName(target) : "…"),
    make("span", "", target ? snippet(target) : ""),
  );
  quote.type = "button";
  quote.addEventListener("click", () => {
    $("log").querySelector(`[data-id="${id}"]`)?.scrollIntoView({ behavior: "smooth", block: "center" });
  });
  return quote;
}

function replyButton(message) {
  const button = make("button", "reply-button", "↩");
  button.type = "button";
  button.title = T.reply;
  button.ariaLabel = T.reply;
  button.addEventListener("click", () => startReply(message));
  return button;
}

function startReply(message) {
  state.replyTo = message.id;
  $("reply-name").textContent = senderName(message);
  $("reply-snippet").textContent = snippet(message);
  $("reply").hidden = false;
  $("text").focus();
}

function cancelReply() {
  state.replyTo = null;
  $("reply").hidden = true;
}

// Link previews

function previewCard(message, act) {
  const options = message.link_preview_options ?? {};
  if (options.is_disabled || message.rich || message.photo || message.document) return null;
  const url = options.url ?? firstLink(message);
  const address = url && safeAddress(url);
  if (!address || !address.startsWith("http")) return null;
  const card = make("a", "preview");
  card.href = address;
  card.target = "_blank";
  card.rel = "noopener noreferrer";
  card.addEventListener("click", (event) => {
    if (act.link(address)) event.preventDefault();
  });
  if (options.prefer_large_media) card.classList.add("large");
  card.append(make("b", "site", new URL(address).hostname));
  if (!state.previews.has(address)) {
    state.previews.set(address, ask(`/preview?url=${encodeURIComponent(address)}`));
  }
  state.previews.get(address).then((found) => fillPreview(card, found), () => {});
  return card;
}

function firstLink(message) {
  for (const mark of message.entities) {
    if (mark.type === "text_link") return mark.url;
    if (mark.type === "url") {
      const text = message.text.slice(mark.offset, mark.offset + mark.length);
      return /^[a-z]+:/i.test(text) ? text : `http://${text}`;
    }
  }
  return null;
}

function fillPreview(card, found) {
  const words = make("span", "preview-words", make("b", "site", found.site));
  if (found.title) words.append(make("b", "", found.title));
  if (found.description) words.append(make("span", "", found.description));
  if (!found.title && !found.is_picture) words.append(make("span", "", found.url));
  card.replaceChildren(words);
  // Without words beside it a picture is never small (Bot API, LinkPreviewOptions).
  if (found.is_picture) card.classList.add("large");
  if (!found.image) return;
  const image = make("img");
  image.src = found.image;
  image.alt = "";
  const log = $("log");
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < BOTTOM_PIXELS;
  image.addEventListener("load", () => {
    if (low) log.scrollTop = log.scrollHeight;
  });
  image.addEventListener("error", () => image.remove());
  card.append(image);
}

// Buttons

function keyboard(rows, act) {
  const box = make("div", "keyboard");
  for (const row of rows) {
    const line = make("div", "button-row");
    for (const button of row) {
      const key = make("button", `key ${button.style ?? ""}`, button.text);
      key.type = "button";
      if (button.url) key.classList.add("outward");
      key.addEventListener("click", () => act.press(button, key));
      line.append(key);
    }
    box.append(line);
  }
  return box;
}

/** What taps inside a message do. */
function actions(message) {
  return {
    command: (text) => send(text),
    link: followLink,
    press: (button, key) => press(message, button, key),
  };
}

/** A deep link to the bot is opened here, and so is sharing; any other link is the browser's. */
function followLink(address) {
  const url = new URL(address);
  if (url.hostname === "t.me" && url.pathname === "/share/url") {
    const parts = [url.searchParams.get("text"), url.searchParams.get("url")];
    write(parts.filter(Boolean).join("\n"));
    return true;
  }
  const own = url.hostname === "t.me" && url.pathname === `/${state.bot.username}`;
  if (!own) return url.protocol === "tg:";
  startBot(url.searchParams.get("start"));
  return true;
}

/** Opens the person's own chat with the bot there, from wherever the link was. */
async function startBot(payload) {
  if (state.current !== somebody()) await openChat(somebody());
  await send(payload ? `/start ${payload}` : "/start");
}

/** Who acts in the chat that is shown: its person, or one of its people. */
function somebody() {
  const chat = state.chats.get(state.current);
  return chat.person?.id ?? state.actors.get(chat.id) ?? (Number(Object.keys(chat.members)[0]) || undefined);
}

/** Puts a text into the field, as if it had been typed. */
function write(text) {
  $("text").value = text;
  $("text").focus();
  $("text").dispatchEvent(new Event("input"));
}

async function press(message, button, key) {
  if (button.url !== undefined) {
    const address = safeAddress(button.url);
    if (address && !followLink(address)) window.open(address, "_blank", "noopener,noreferrer");
    return;
  }
  if (button.copy_text) {
    await attempt(() => navigator.clipboard.writeText(button.copy_text.text));
    toast(T.copied);
    return;
  }
  const query = button.switch_inline_query_current_chat ?? button.switch_inline_query;
  if (query !== undefined) {
    write(`@${state.bot.username} ${query}`);
    return;
  }
  if (button.callback_data === undefined) return;
  key.classList.add("waiting");
  const result = await attempt(() =>
    ask(`/chats/${message.chat_id}/press`, {
      message_id: message.id,
      by: somebody(),
      data: button.callback_data,
      timeout: 15,
    }),
  );
  key.classList.remove("waiting");
  if (!result) return;
  if (!result.answer) toast(T.noAnswer);
  else if (result.answer.url) followLink(result.answer.url);
  else if (result.answer.text && result.answer.show_alert) {
    $("alert-text").textContent = result.answer.text;
    $("alert").showModal();
  } else if (result.answer.text) toast(result.answer.text);
}

let toastTimer = 0;
function toast(text) {
  const box = $("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), TOAST_MILLISECONDS);
}

/** Buttons instead of typing, of the latest message that says anything of them. */
function drawReplyKeyboard() {
  const box = $("reply-keyboard");
  const said = [...state.messages.values()].filter((message) => message.reply_keyboard);
  const last = said[said.length - 1];
  const rows = last?.reply_keyboard.keyboard ?? [];
  box.hidden = rows.length === 0;
  box.replaceChildren(
    ...rows.map((row) =>
      make(
        "div",
        "button-row",
        ...row.map((button) => {
          const key = make("button", "key", button.text);
          key.type = "button";
          key.addEventListener("click", () => send(button.text));
          return key;
        }),
      ),
    ),
  );
  const newest = [...state.messages.keys()].pop();
  if (last?.reply_keyboard.force_reply && last.id === newest && state.replyTo !== last.id) {
    startReply(last);
  }
  $("text").placeholder = last?.reply_keyboard.input_field_placeholder ?? T.placeholder;
}

// Writing

async function send(text) {
  const body = { text, by: somebody() };
  if (state.replyTo) body.reply_to = state.replyTo;
  if (state.topic) body.thread = state.topic;
  const chat = state.current;
  closeMenu();
  const sent = await attempt(() => ask(`/chats/${chat}/messages`, body));
  if (!sent) return false;
  // The bot may have asked for a reply meanwhile.
  if (state.replyTo === (body.reply_to ?? null)) cancelReply();
  if (state.chats.get(chat).bot_status === "none") await refreshChat(chat);
  return true;
}

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
  $("send").classList.toggle("ready", text.value.trim() !== "");
}

async function openMenu() {
  const actor = somebody();
  const commands = await attempt(() => ask(`/chats/${state.current}/commands${actor ? `?by=${actor}` : ""}`));
  if (!commands) return;
  const typed = $("text").value;
  const wanted = typed.startsWith("/") ? typed.slice(1).split(/\s/)[0] : "";
  const shown = commands.filter((item) => item.command.startsWith(wanted));
  if (!shown.length && wanted) {
    closeMenu();
    return;
  }
  $("menu").replaceChildren(
    ...shown.map((item) => {
      const button = make("button", "menu-row", make("span", "", item.description), make("b", "", `/${item.command}`));
      button.type = "button";
      button.addEventListener("click", async () => {
        await sendTyped(() => send(`/${item.command}`));
      });
      return button;
    }),
    ...(shown.length ? [] : [make("p", "hint", T.noCommands)]),
  );
  $("menu").hidden = false;
  $("menu-button").ariaExpanded = "true";
}

function closeMenu() {
  $("menu").hidden = true;
  $("menu-button").ariaExpanded = "false";
}

function clearText() {
  $("text").value = "";
  grow();
  typed();
}

/**
 * Empties the field and sends. The field is the person's again at once: what they type while the
 * answer is under way stays, and what was refused comes back where they typed nothing since.
 */
async function sendTyped(sending) {
  const before = $("text").value;
  clearText();
  if ((await sending()) || $("text").value) return;
  $("text").value = before;
  grow();
}

/** Reacts to what is being typed: the command menu after "/", inline results after "@bot". */
function typed() {
  const text = $("text").value;
  if (text.startsWith("/") && !text.includes(" ")) openMenu();
  else if (!$("menu").hidden) closeMenu();
  const prefix = `@${state.bot?.username} `;
  clearTimeout(state.inline.timer);
  if (!text.startsWith(prefix)) {
    $("results").hidden = true;
    state.inline.asked = "";
    return;
  }
  state.inline.timer = setTimeout(() => askInline(text.slice(prefix.length)), 300);
}

/** Shows what the bot offers for a query; a further page, named by its offset, comes below. */
async function askInline(query, offset = "") {
  const person = somebody();
  state.inline.asked = query;
  const found = await attempt(() => ask(`/users/${person}/inline`, { query, offset, timeout: 10 }));
  if (!found?.answer || state.inline.asked !== query) return;
  const { results, button, next_offset: following } = found.answer;
  const rows = results.map((result) => {
    const row = make(
      "button",
      "menu-row tall",
      make("b", "", result.title ?? result.caption ?? result.id),
      make("span", "", result.description ?? ""),
    );
    row.type = "button";
    row.addEventListener("click", async () => {
      const body = { result_id: result.id, chat: state.current };
      const choose = () => ask(`/users/${person}/inline/${found.query_id}/choose`, body);
      await sendTyped(() => attempt(choose));
    });
    return row;
  });
  if (button) {
    const row = make("button", "menu-row", make("b", "", button.text));
    row.type = "button";
    row.addEventListener("click", () => {
      clearText();
      startBot(button.start_parameter);
    });
    rows.unshift(row);
  }
  if (following) {
    const row = make("button", "menu-row", make("b", "", T.more));
    row.type = "button";
    row.addEventListener("click", () => {
      row.remove();
      askInline(query, following);
    });
    rows.push(row);
  }
  if (offset) $("results").append(...rows);
  else $("results").replaceChildren(...rows);
  $("results").hidden = $("results").children.length === 0;
}

// Days and times

function dayName(unix) {
  const moment = new Date(unix * 1000);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (moment.toDateString() === today.toDateString()) return T.today;
  if (moment.toDateString() === yesterday.toDateString()) return T.yesterday;
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "long" }).format(moment);
}

function shortTime(unix) {
  if (!unix) return "";
  const moment = new Date(unix * 1000);
  const today = moment.toDateString() === new Date().toDateString();
  const options = today ? { timeStyle: "short" } : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(language, options).format(moment);
}

function drawViolations() {
  const count = state.violations.length;
  $("violations").hidden = count === 0;
  $("violations").textContent = T.violations(count);
}

// Putting it together

function label() {
  document.documentElement.lang = language;
  $("subtitle").textContent = T.subtitle;
  for (const [id, sign, words] of [
    ["new-person", "+", T.newPerson],
    ["back", "‹", T.back],
    ["down", "⌄", T.down],
    ["send", "➤", T.send],
    ["reply-cancel", "×", T.cancel],
  ]) {
    $(id).textContent = sign;
    $(id).title = words;
    $(id).ariaLabel = words;
  }
  $("offline").textContent = T.offline;
  $("menu-button").textContent = T.menu;
  $("text").placeholder = T.placeholder;
  $("text").ariaLabel = T.placeholder;
  $("notes-title").textContent = T.violationsTitle;
  $("person-title").textContent = T.newPerson;
  $("person-name-label").textContent = T.personName;
  $("person-language-label").textContent = T.personLanguage;
  $("person-cancel").textContent = T.cancel;
  $("person-create").textContent = T.create;
}

function wire() {
  $("actor").addEventListener("change", () => {
    state.actors.set(state.current, Number($("actor").value));
    drawLog(false);
  });
  $("back").addEventListener("click", () => $("app").classList.remove("open"));
  $("new-person").addEventListener("click", () => {
    $("person-name").value = "";
    $("person-language").value = language;
    $("person").showModal();
  });
  $("person-cancel").addEventListener("click", () => $("person").close());
  $("person-form").addEventListener("submit", () => {
    createPerson($("person-name").value.trim() || T.defaultName, $("person-language").value);
  });
  $("violations").addEventListener("click", () => {
    $("notes-list").replaceChildren(
      ...state.violations.map((found) => make("li", "", make("b", "", found.method), ` ${found.text}`)),
    );
    $("notes").showModal();
  });
  $("block").addEventListener("click", () => changeBlock());
  $("start").addEventListener("click", async () => {
    if (state.chats.get(state.current).bot_status === "kicked") await changeBlock();
    else await send("/start");
  });
  $("menu-button").addEventListener("click", () => ($("menu").hidden ? openMenu() : closeMenu()));
  $("reply-cancel").addEventListener("click", cancelReply);
  $("text").addEventListener("input", () => {
    grow();
    typed();
  });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      $("form").requestSubmit();
    } else if (event.key === "Escape") {
      closeMenu();
      cancelReply();
    }
  });
  $("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (text) await sendTyped(() => send(text));
  });
  const log = $("log");
  log.addEventListener("scroll", () => {
    $("down").hidden = log.scrollHeight - log.scrollTop - log.clientHeight < BOTTOM_PIXELS;
  });
  $("down").addEventListener("click", () => {
    log.scrollTo({ top: log.scrollHeight, behavior: "smooth" });
  });
}

async function changeBlock() {
  const chat = state.chats.get(state.current);
  const act = chat.bot_status === "kicked" ? "unblock" : "block";
  await attempt(() => ask(`/users/${chat.id}/${act}`, {}));
}

label();
wire();
grow();
listen();
