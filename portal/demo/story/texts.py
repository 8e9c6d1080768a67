"""What people of the story write: to their customers, and what these write back."""

FIRST_NAMES = (
    *("Ahmet", "Burcu", "Cem", "Derya", "Emre", "Fatma", "Gökhan", "Hande", "İrem", "Kerem", "Leyla", "Murat"),
    *(
        "Nazlı",
        "Onur",
        "Pelin",
        "Serkan",
        "Tuğçe",
        "Umut",
        "Yasemin",
        "Hannah",
        "Lukas",
        "Emily",
        "James",
        "Sofia",
    ),
)
SHOP = (
    "Merhaba {name}, siparişiniz {order} kargoya verildi. Takip: https://kargo.example.com/{order}",
    "Merhaba {name}, beğendiğiniz keten elbise yeniden stokta. Ayırmamızı ister misiniz?",
    "Hi {name}, your parcel {order} is waiting at the pick-up point until Saturday.",
    "Teşekkürler {name}! İade talebinizi aldık; ücretiniz 3 iş günü içinde hesabınızda olur.",
    "Hi {name}, we have kept the blue scarf in size M for you. *Shall we send it?*",
    "Sayın {name}, adresinizi güncelledik. Siparişiniz yarın 14:00–18:00 arasında gelecek.",
    "Hello {name}, the colour you asked about is “sage”. Here is a photo in daylight.",
    "Merhaba {name}, hediye paketi seçeneğini siparişinize ekledik. Not kartına ne yazalım?",
)
CLINIC = (
    "Sayın {name}, yarınki randevunuzu hatırlatmak isteriz. Gelemeyecekseniz bu mesajı yanıtlayın.",
    "Hello {name}, your X-ray is ready. Dr Arslan will explain it at your next visit.",
    "Sayın {name}, tedavi planınız hazır. Size uygun bir saatte arayabilir miyiz?",
    "Hi {name}, please do not eat for two hours after today’s treatment.",
    "Sayın {name}, geçmiş olsun. İlk 24 saat sıcak içecek içmemenizi öneririz.",
)
QUESTIONS = (
    ("Merhaba, kargom nerede?", "Merhaba, kargonuz bugün dağıtıma çıktı."),
    ("Do you ship to Germany?", "We do: three to five working days, 9 euros."),
    ("Bu elbisenin 38 bedeni var mı?", "Var, iki adet kaldı. Ayıralım mı?"),
    ("Can I change the delivery address?", "Of course. Which address should we use?"),
    ("İade etmek istiyorum", "Tabii, iade kodunuzu gönderiyorum."),
    ("Mağazanız pazar günü açık mı?", "Evet, 12:00–19:00 arasında açığız."),
    ("Is the sage scarf still available?", "Yes, it is. Shall I put one aside?"),
)
COMMENTS = (
    "Çok hızlı yanıt, teşekkürler",
    "Quick and friendly",
    "Sorunum çözüldü",
    "",
    "Biraz bekledim ama yardımcı oldular",
)
