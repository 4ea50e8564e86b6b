/**
 * The shapes that the sandbox server and this page exchange. Types only.
 *
 * @typedef {object} User
 * @property {string} id
 * @property {string} name
 * @property {string} real_name
 * @property {string} color  six hex digits
 * @property {boolean} is_bot
 * @property {boolean} is_admin
 *
 * @typedef {object} Channel
 * @property {string} id
 * @property {string} name
 * @property {"channel"|"private"|"mpim"|"im"} kind
 * @property {string} [user]  the human of an "im" with the bot
 * @property {string[]} members
 * @property {boolean} bot_is_member
 * @property {boolean} is_archived
 * @property {string} topic
 * @property {boolean} is_shared  with another organisation
 *
 * @typedef {{command: string, description: string, usage_hint: string}} Command
 * @typedef {{callback_id: string, name: string}} Shortcut
 *
 * @typedef {object} Bot
 * @property {string} user_id
 * @property {string} name
 * @property {boolean} connected  where it is not installed it never is
 * @property {boolean} installed
 * @property {string} install_url  where it can be installed; empty: nobody says
 * @property {boolean} hears_mentions  in channels
 * @property {boolean} hears_direct_messages
 * @property {boolean} home_tab
 * @property {boolean} agent  whether it is declared an agent, with a surface of its own
 *
 * @typedef {object} State
 * @property {{id: string, name: string}} team
 * @property {User[]} users
 * @property {Channel[]} channels
 * @property {Bot} bot
 * @property {Command[]} commands
 * @property {Shortcut[]} message_shortcuts
 * @property {Shortcut[]} global_shortcuts
 * @property {string} judging  the page where the answers of an eval are judged; empty: none
 *
 * @typedef {object} Message
 * @property {string} channel
 * @property {string} ts
 * @property {string} user
 * @property {string} name
 * @property {string} color
 * @property {boolean} is_bot
 * @property {string} text
 * @property {Block[]} [blocks]
 * @property {string} [thread_ts]
 * @property {number} [reply_count]
 * @property {string} [latest_reply]
 * @property {boolean} [edited]
 * @property {boolean} [ephemeral]
 * @property {boolean} [broadcast]  a reply that is shown in the channel too
 * @property {boolean} [me]  said with /me
 * @property {boolean} [streaming]  still grows by Slack's own streaming
 * @property {number} revision
 * @property {boolean} [deleted]
 * @property {{name: string, id: string, mimetype?: string, alt?: string}[]} [files]  one without an id is only a name
 *
 * @typedef {{type: "plain_text"|"mrkdwn", text: string, verbatim?: boolean}} Text
 * @typedef {{text: Text, value: string, description?: Text, url?: string}} Option
 * @typedef {{label: Text, options: Option[]}} OptionGroup
 * @typedef {{title: Text, text: Text, confirm: Text, deny: Text, style?: string}} Confirm
 *
 * Blocks and elements are Slack's own; what a renderer reads of one stands where it reads it.
 * @typedef {{type: string, block_id?: string, [key: string]: any}} Block
 * @typedef {{type: string, action_id?: string, [key: string]: any}} Element
 *
 * @typedef {object} View
 * @property {string} id
 * @property {"modal"|"home"} [type]
 * @property {string} [callback_id]
 * @property {Text} [title]
 * @property {Text} [submit]
 * @property {Text} [close]
 * @property {Block[]} blocks
 * @property {string} [hash]
 * @property {{values: StateValues}} [state]  what its inputs hold
 *
 * @typedef {{type: string, [key: string]: any}} StateValue  one entry of Slack's `state.values`
 * @typedef {Record<string, Record<string, StateValue>>} StateValues
 *
 * @typedef {object} ThreadState  what the agent does in one thread
 * @property {string} thread_ts
 * @property {string} status  of its session, or empty
 * @property {string} title
 * @property {string} line  what stands below it, or empty
 * @property {string[]} loading  what goes round there instead
 * @property {boolean} stops  whether Slack's own Stop is there
 *
 * @typedef {{title: string, prompts: {title: string, message: string}[]}} Suggested
 *
 * @typedef {{type: string, [key: string]: any}} Frame  one frame of `/ui/events`
 * @typedef {{ok: boolean, error?: string, [key: string]: any}} Reply
 */

export {};
