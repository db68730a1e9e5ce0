from dataclasses import dataclass
@dataclass(frozen=True)
class A:
    fill: str; on: str; text: str; wash: str
@dataclass(frozen=True)
class AccentTokens:
    light: A; dark: A
def make_accent(c):
    return AccentTokens(A("#2C7A66","#FFFFFF","#287763","#EAF6F1"),A("#71BCA6","#15181D","#71BCA6","#1A2C26"))
