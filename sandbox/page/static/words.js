/** The sandbox's error names in plain words; what is not listed is a sentence already. */

/** @type {Record<string, string>} */
const SENTENCES = {
  already_in_channel: "The app is in this channel already.",
  cant_update_message: "Only its author can change this message.",
  channel_not_found: "This conversation is not there any more.",
  is_archived: "This channel is archived.",
  message_not_found: "This message is not there any more.",
  method_not_supported_for_channel_type: "That does not work in a direct message.",
  not_in_channel: "You are not a member of this channel.",
  thread_not_found: "This thread is not there any more.",
  unreachable: "The sandbox did not answer. Is it still running?",
  view_not_found: "This form is not open any more.",
};

/** @param {string|undefined} error */
export function explain(error) {
  if (!error) return "That did not work. Please try again.";
  return SENTENCES[error] ?? error;
}
