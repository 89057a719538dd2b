"""Sentences in the scripts of the packaged fonts, as people write them, mixed with numbers."""

from __future__ import annotations

SENTENCES = {
    "cyrillic": "Дверь шкафа закрыта, заземление 0,1 Ω проверено.",
    "greek": "Η πόρτα είναι κλειστή· ἡ ἀντίσταση 0,1 Ω.",
    "hebrew": "הדלת סגורה, ההתנגדות 0.1 Ω נמדדה.",
    "arabic": "الباب مغلق، والمقاومة 0.1 Ω مقبولة.",
    "persian": "در بسته می‌شود؛ مقاومت ۰٫۱ Ω است.",
    "thai": "ประตูตู้ปิดอยู่ และสายดินวัดได้ 0.1 Ω ที่นี่",
    "hindi": "दरवाज़ा बंद है, प्रतिरोध 0.1 Ω क्षेत्र में मापा गया।",
    "simplified": "配电柜门已关闭，接地电阻为 0.1 Ω，检查合格。",
    "traditional": "配電櫃門已關閉，接地電阻為 0.1 Ω，檢查合格。",
    "japanese": "配電盤の扉は閉まっており、接地抵抗は 0.1 Ω です。",
    "korean": "배전반 문이 닫혀 있음, 접지 저항 0.1 Ω 확인.",
    "vietnamese": "Cửa tủ điện đã đóng, điện trở nối đất 0,1 Ω.",
    "symbols": "R ≤ 0.1 Ω ✓ ☐ ① ²³⁴ ⌀ ∅ ± ⚡ ⏚",
}
"""By name. Each says that a door is closed and what an earth connection measures."""

UNPRINTABLE = {
    "emoji": "Done 🤷🏽 👨‍👩‍👧 ☺️ 😀 👍",
    "tamil": "கதவு மூடப்பட்டது",
    "rare_han": "𠀀𪜀 部件",
    "private_use": "Door \ue000 \U000f0000 \U0010fffd",
    "unassigned": "Door \u0378 \U0001fbff\U000e1000",
    "ethiopic": "በሩ ተዘግቷል",
}
"""Texts with letters that no packaged font has, beside some that one has."""

ODD = {
    "marks_alone": "\u0301\u0e34\u093f\u05b8",
    "marks_in_heaps": "e" + "\u0301\u0323\u0302" * 40,
    "joiners_alone": "\u200d\u200c\ufe0f\u200e\u200f",
    "turned": "\u202eabc\u202c \u2067def\u2069 \u061c",
    "hangul_apart": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "selectors": "葛\U000e0100 葛\U000e0101 字\ufe00",
    "fillers": "\u3164\uffa0\u115f\u1160",
}
"""Texts that are easily drawn wrongly or crash what draws them."""
