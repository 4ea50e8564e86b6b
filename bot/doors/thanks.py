"""What people say when nothing is left to be said, in the languages that are heard most."""

from __future__ import annotations

import re
import unicodedata

_SAID = """
thanks; thank you; thank you so much; thank you very much; thanks a lot; thanks so much
thanks again; many thanks; thx; tnx; ty; tysm; cheers; much appreciated
ok; okay; okey; k; kk; oki; got it; understood; noted; makes sense; alright; all right
great; perfect; awesome; cool; nice; super; wonderful; excellent; brilliant; good to know
danke; danke dir; danke schön; dankeschön; danke sehr; vielen dank; besten dank; merci
alles klar; verstanden; merci beaucoup; merci bien; d'accord; parfait; compris; gracias
muchas gracias; mil gracias; vale; perfecto; entendido; grazie; grazie mille; va bene
perfetto; capito; obrigado; obrigada; muito obrigado; muito obrigada; valeu; bedankt; dank je
dank je wel; dank u; dankjewel; tak; mange tak; takk; tusen takk; tack; tack så mycket; kiitos
dzięki; dziękuję; děkuji; díky; ďakujem; köszönöm; köszi; mulțumesc; multumesc; hvala
teşekkürler; teşekkür ederim; sağ ol; ευχαριστώ; спасибо; большое спасибо; спс; понятно; дякую
благодаря; ok merci; شكرا; شكراً; شكرا جزيلا; تمام; תודה; תודה רבה; धन्यवाद; शुक्रिया; ধন্যবাদ
terima kasih; makasih; salamat; cảm ơn; ขอบคุณ; ขอบคุณครับ; ขอบคุณค่ะ; asante
谢谢; 謝謝; 多谢; 多謝; 谢谢你; 好的; 好; 明白; 明白了; 了解; 收到; ありがとう; ありがとうございます
ありがとうございました; どうも; 了解です; 了解しました; わかりました; 承知しました; 감사합니다
고맙습니다; 고마워; 고마워요; 네; 알겠습니다
grok
"""
"""Phrases; a message of nothing else asks for nothing."""

_NAMED = """
+1 thumbsup pray ok_hand ok heart raised_hands clap white_check_mark heavy_check_mark ballot_box
tada muscle 100 smile smiley grin slightly_smiling_face blush relaxed star-struck heart_eyes fire
star star2 sparkles rocket bow handshake partying_face saluting_face sunglasses joy
thankyou thank_you thanks thx
"""
"""Names of emoji that say the same."""

_SIGNS = re.compile("[👍🙏👌🆗❤💙💚💛🧡💜🙌👏✅✔☑🎉💪💯😀😃😄😁🙂😊☺🤩😍🔥⭐🌟✨🚀🙇🤝🥳🫡😎😂]")
"""The same as characters."""

_LONGEST = 120
"""Characters; whoever writes more says something."""

_EMOJI = re.compile(r":([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?")
_MODIFIERS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d]")
_BETWEEN = re.compile(r"[\s.,!¡~…;:()*_、。！，～^-]+")
_APOSTROPHES = str.maketrans("’‘", "''")

_NAMES = frozenset(_NAMED.split())
_PHRASES = frozenset(
    tuple(phrase.casefold().split())
    for phrase in _SAID.replace("\n", ";").split(";")
    if phrase.strip()
)
_MOST_WORDS = max(map(len, _PHRASES))


def is_thanks(text: str) -> bool:
    """Whether `text` of a payload says nothing but thanks, or that it was understood."""
    if not text or len(text) > _LONGEST:
        return False
    plain = unicodedata.normalize("NFC", text).casefold().translate(_APOSTROPHES)
    names = _EMOJI.findall(plain)
    if any(name not in _NAMES for name in names):
        return False
    rest = _SIGNS.sub(" ", _MODIFIERS.sub("", _EMOJI.sub(" ", plain)))
    left = [word for word in _BETWEEN.split(rest) if word]
    if not left:
        return bool(names) or rest != plain
    return _only_phrases(left)


def _only_phrases(left: list[str]) -> bool:
    """Whether the words in `left` are phrases one after the other."""
    ends = {0}
    for end in range(1, len(left) + 1):
        begins = range(max(0, end - _MOST_WORDS), end)
        if any(at in ends and tuple(left[at:end]) in _PHRASES for at in begins):
            ends.add(end)
    return len(left) in ends
