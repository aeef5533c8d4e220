"""What is taken out of a body, and what never is."""

import pytest

from bot.articles.blocks import blocks_from_html, plain_text
from bot.articles.tidy import tidy
from storage import Heading, ListBlock, Paragraph, Span

TEXT = "Городской совет утвердил план ремонта девяти детских садов на этот учебный год."


def said(text: str) -> str:
    return plain_text(tidy((Paragraph((Span(TEXT),)), Paragraph((Span(text),)))))


@pytest.mark.parametrize(
    "text",
    [
        "Читайте также: В парке открыли новую карусель",
        "ЧИТАЙТЕ ТАКЖЕ",
        "Читать далее",
        "Смотрите также: фоторепортаж с открытия",
        "Материалы по теме",
        "По теме:",
        "Вам может быть интересно:",
        "Рекомендуем почитать",
        "Другие новости раздела",
        "Самое читаемое за неделю",
        "Подробнее читайте в нашем материале",
        "Read more: A new library opens",
        "Also read: Ten parks to visit",
        "RELATED: The mayor's long road",
        "You may also like",
        "More from this author",
        "Lesen Sie auch: Ein neuer Park",
        "Lire aussi : Un nouveau parc",
        "Leia também: um novo parque",
        "PUEDES VER: ¿Qué pasó ayer?",
        "Подписывайтесь на наш телеграм-канал",
        "Подпишитесь на рассылку, чтобы не пропустить главное",
        "Читайте нас в Telegram",
        "Присоединяйтесь к нашей группе во ВКонтакте",
        "Поделиться",
        "Нашли опечатку? Выделите её и нажмите Ctrl+Enter",
        "Комментарии (12)",
        "Оставить комментарий",
        "Просмотров: 1 234",
        "Время чтения: 3 минуты",
        "Теги: ремонт, сады",
        "Реклама",
        "Реклама. ООО «Ромашка». erid: 2VtzqxKcSz1",
        "Реклама 18+ ООО «Ромашка»",
        "erid: 2VtzqxKcSz1",
        "На правах рекламы",
        "Sign up for our newsletter",
        "Get our daily newsletter in your inbox",
        "Never miss a story: join our list",
        "Follow us on social media",
        "Advertisement",
        "Story continues below advertisement",
        "Scroll to continue reading",
        "Share this article",
        "Filed under: Cities",
        "3 Comments",
        "(Image credit: Ann Lee)",
        "© 2026 Paper",
        "We use cookies. By continuing you accept our policy.",
        "Мы используем файлы cookie и обрабатываем данные согласно политике",
        "Ads.Banner.show(12);",
        "window.dataLayer = window.dataLayer || [];",
    ],
)
def test_furniture_goes(text: str) -> None:
    assert said(text) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        "18+",
        "Материал 16+",
        "Возрастное ограничение: 18+",
        "Писатель признан в РФ иностранным агентом.",
        "* Внесён Минюстом в реестр иноагентов",
        "Instagram (принадлежит Meta, признана экстремистской организацией и запрещена в России)",
        "*Организация запрещена на территории РФ",
        "* Деятельность запрещённой в Российской Федерации организации",
        "Подпишитесь: канал ведёт СМИ, признанное в РФ иностранным агентом",
        "This article may contain affiliate links.",
        "We may earn a commission if you buy through our links.",
        "Материал содержит партнёрские ссылки",
        # Ordinary sentences that begin like furniture.
        "Реклама алкоголя останется под запретом, решил суд.",
        "Подписаться под письмом решили пять тысяч жителей.",
        "Комментировать решение в мэрии отказались.",
        "Комментарии экспертов разошлись.",
        "Поделиться воспоминаниями пришли сотни горожан.",
        "Это интересно не только детям, считает директор.",
        "Подробнее на эту тему министр выскажется в среду.",
        "Подробнее об этом расскажут на встрече.",
        "Ранее премьер обещал построить мост.",
        "Подробности мэр обещал рассказать завтра.",
        "Следите за ребёнком у воды, просит спасатель.",
        "По темам занятий родителей опросят отдельно.",
        "Related costs rose by a third, the ministry said.",
        "Read the letter aloud, she told the court.",
        "More people came than the hall could hold.",
        "Copyright law is to change, the judge said.",
        "Sponsored by the city, the festival opened on Monday.",
        "You may enjoy the view, but bring a coat.",
        "Most popular of all was the blue one.",
        "More news is expected later, officials said.",
        "Share prices fell by four percent on Monday.",
        "Comments made by the minister angered the unions.",
        "Get ready for snow, forecasters say.",
        "Функция сада (детского) изменится.",
    ],
)
def test_labels_and_sentences_stay(text: str) -> None:
    assert said(text) == f"{TEXT}\n\n{text}"


def test_read_also_takes_the_list_under_it_along() -> None:
    links = ListBlock(
        (
            (Span("В парке открыли карусель", link="https://paper.example/1"),),
            (Span("Трамваи вернутся весной", link="https://paper.example/2"),),
        )
    )
    blocks = (Paragraph((Span(TEXT),)), Heading("Читайте также"), links, Paragraph((Span(TEXT),)))
    assert plain_text(tidy(blocks)) == f"{TEXT}\n\n{TEXT}"
    own = (Paragraph((Span(TEXT),)), Heading("Что починят"), links, Paragraph((Span(TEXT),)))
    assert "карусель" in plain_text(tidy(own))


def test_letters_are_equal_however_they_are_composed() -> None:
    decomposed = "и\u0306"
    assert plain_text(blocks_from_html(f"<p>Сара{decomposed}</p>", "https://a.example")) == "Сарай"
