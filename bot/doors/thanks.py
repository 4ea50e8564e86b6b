"""What people say when nothing is left to be said, in the languages that are heard most."""

from __future__ import annotations

PHRASES = """
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

EMOJI = """
+1 thumbsup pray ok_hand ok heart raised_hands clap white_check_mark heavy_check_mark ballot_box
tada muscle 100 smile smiley grin slightly_smiling_face blush relaxed star-struck heart_eyes fire
star star2 sparkles rocket bow handshake partying_face saluting_face sunglasses joy
thankyou thank_you thanks thx
"""
"""Names of emoji that say the same."""

SIGNS = "👍🙏👌🆗❤💙💚💛🧡💜🙌👏✅✔☑🎉💪💯😀😃😄😁🙂😊☺🤩😍🔥⭐🌟✨🚀🙇🤝🥳🫡😎😂"
"""The same as characters."""
